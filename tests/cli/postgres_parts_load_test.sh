#!/bin/sh
# Every table's part loads by itself into an empty database and holds the same rows, out of COPY and out of INSERT dumps.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres
load_traps
expect 0 "$cairn" init
pg_dumpall --clean --verbose 2>/dev/null | "$cairn" backup -q - --stdin-name copies
pg_dump --inserts authentik | "$cairn" backup -q - --stdin-name inserts

# loads SNAPSHOT-PATH PART: into an empty database.
number=0
empty() {
  number=$((number + 1))
  run_sql "$url/postgres" -c "CREATE DATABASE scratch$number TEMPLATE template0"
}
loads() {
  "$cairn" cat "$1/$2.sql" >part.sql
  psql -X -q -v ON_ERROR_STOP=1 -d "$url/scratch$number" <part.sql >load.out 2>&1 || { cat load.out >&2; fail "the part $1/$2 does not load alone"; }
}
same_rows() {
  rows_of "$url/authentik" "$1" >expected
  rows_of "$url/scratch$number" "$1" | cmp - expected || fail "other rows in $1"
}
# By hash of an enum a dump fills the root: leaves have no rows.
parts_in "$url/authentik" "relkind IN ('r', 'p') AND relname !~ '^feelings_'" >tables
while IFS= read -r part; do
  empty
  loads latest~1:copies/authentik "$part"
  same_rows "$part"
done <tables
[ "$(query "$url/scratch$number" "SELECT count(*) FROM pg_class WHERE relname = 'authentik_version_history_id_seq'")" = 1 ] || fail "no sequence"
empty
for part in 'f()' 'quoted(text, integer[])' 'sqlbody(integer)' 'p(integer)' 'product(integer)' counter mood plain; do
  loads latest~1:copies/authentik "app/$part"
done

database=$("$cairn" ls latest:inserts | sed -n 's|^inserts/\(.*\)\.sql$|\1|p' | grep -v -x -e dump -e globals)
empty
for part in app/big public/authentik_version_history 'app/Mixed;Case%0Anewline' app/part_rest app/select; do
  loads "latest:inserts/$database" "$part"
  same_rows "$part"
done

# A whole database, and its globals, into another server.
from=$url
start_postgres
"$cairn" cat latest~1:copies/globals.sql | psql -X -q -d "$url/postgres" >load.out 2>&1
run_sql "$url/postgres" -c 'CREATE DATABASE authentik OWNER authentik'
"$cairn" cat latest~1:copies/authentik.sql | psql -X -q -v ON_ERROR_STOP=1 -d "$url/authentik" >load.out 2>&1 || fail "$(tail -3 load.out)"
compare_databases "$from/authentik" "$url/authentik"
[ ! -e PWNED ] || fail "a name ran a command"
