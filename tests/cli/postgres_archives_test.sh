#!/bin/sh
# Archives of pg_dump (custom, tar, directory) come back as they were, have the parts of a plain dump, and share its bytes.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres
load_traps
# As much as it takes for a share to mean something.
run_sql "$url/authentik" -c 'CREATE TABLE app.more AS SELECT g, md5(g::text) || md5((-g)::text) AS h FROM generate_series(1, 60000) g'
pg_dump --create authentik >plain.sql
pg_dump -Fc authentik >custom
pg_dump -Fc authentik | cat >piped
pg_dump -Fc -Z0 authentik >stored
pg_dump -Ft authentik >tar
pg_dump -Fd -f directory authentik
sleep 1
pg_dump -Fc authentik >custom.later
table_bytes=$(awk '/^COPY /,/^\\\.$/' plain.sql | wc -c)
expect 0 "$cairn" init
expect 0 "$cairn" backup --json db=plain.sql
"$cairn" ls -R latest:db | grep -v /dump >parts.plain

# saved FILE EXTENSION: comes back, has the parts, and adds at most a tenth of the table's bytes.
saved() {
  expect 0 "$cairn" --json backup "db=$1"
  [ "$(summary bytes_new)" -lt $((table_bytes / 10)) ] || fail "$1 adds $(summary bytes_new) of $table_bytes bytes"
  "$cairn" cat latest:db | cmp - "$1" || fail "$1 comes back otherwise"
  "$cairn" cat "latest:db/dump.$2" | cmp - "$1" || fail "$1 is not dump.$2"
  "$cairn" ls -R latest:db | grep -v /dump | cmp - parts.plain || fail "$1 has other parts"
  "$cairn" cat "latest:db/authentik/app/big.copy" >rows
  query "$url/authentik" 'COPY app.big TO STDOUT' | cmp - rows || fail "$1: other rows"
  "$cairn" cat latest:db | pg_restore -l >/dev/null || fail "pg_restore can't read what came of $1"
}
saved custom pgdump
expect 0 "$cairn" --json backup db=custom.later
[ "$(summary bytes_new)" -lt $(($(wc -c <custom.later) / 50)) ] || fail "a second one adds $(summary bytes_new) bytes"
for file in piped stored; do saved $file pgdump; done
saved tar tar
expect 0 "$cairn" --json backup db=directory
[ "$(summary bytes_new)" -lt $((table_bytes / 10)) ] || fail "a directory adds $(summary bytes_new) of $table_bytes bytes"
expect 0 "$cairn" restore latest:db --target out.d
diff -r directory "$(dirname "$(find out.d -name toc.dat)")" || fail "the directory comes back otherwise"

# Broken ones are saved as they are, and not as good ones.
head -c 200000 custom >half
sends 3 half
[ "$(component completeness)" = incomplete ] || fail "a cut archive is $(component completeness)"
came_back half
