#!/bin/sh
# A dump comes back byte for byte, and its parts are what the server's catalogue says: every table loads alone, with its rows.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres
load_traps
documented="pg_dumpall --clean --exclude-database=template1 --exclude-database=postgres"
expect 0 "$cairn" init
$documented --verbose >dump.sql 2>/dev/null
"$cairn" backup -q - --stdin-name db <dump.sql
"$cairn" cat latest:db | cmp - dump.sql || fail "not what was sent"
"$cairn" cat latest:db/dump.sql | cmp - dump.sql || fail "not what was sent, as dump.sql"
[ "$(component kind)/$(component completeness)" = postgres/complete ] || fail "kind and completeness"

"$cairn" ls -R latest:db >listed
databases_of "$url" | grep -v '^postgres$' | while IFS= read -r database; do
  grep -qxF "db/$database.sql" listed || fail "no part for the database $database"
  from="$url/$(echo "$database" | sed 's/ /%20/g; s/"/%22/g')"
  # By hash of an enum a dump fills the root, whatever leaf the rows stood in.
  parts_in "$from" "relkind IN ('r', 'p') AND relname !~ '^feelings_'" | sed "s|^|db/$database/|; s|\$|.copy|" >expected
  grep "^db/$database/.*\\.copy\$" listed | LC_ALL=C sort | cmp - expected || fail "the tables of $database: $(cat listed)"
  parts_in "$from" "relkind IN ('r', 'p', 'v', 'm', 'f')" | while IFS= read -r part; do
    grep -qxF "db/$database/$part.sql" listed || fail "no part $database/$part.sql"
  done
done
"$cairn" cat latest:db/globals.sql >globals.sql
says globals.sql 'CREATE ROLE readers;'
says globals.sql 'SCRAM-SHA-256$'
silent globals.sql 'CREATE TABLE'

# COPY writes rows as pg_dump does, once for all tables but those with columns that aren't dumped.
for table in public.authentik_core_user app.big app.select app.nothing app.no_rows; do
  query "$url/authentik" "COPY $(echo "$table" | sed 's/[.]\(.*\)/."\1"/') TO STDOUT" >rows
  "$cairn" cat "latest:db/authentik/$(echo "$table" | tr . /).copy" | cmp - rows || fail "rows of $table"
done
$documented >short.sql
pg_dumpall --inserts --verbose >inserts.sql 2>/dev/null
expect 0 "$cairn" backup --command db -- sh -c "$documented"
"$cairn" ls -R latest:db | cmp - listed || fail "other parts without --verbose"
"$cairn" backup -q db=inserts.sql
"$cairn" cat latest:db | cmp - inserts.sql || fail "not what was in the file"
says listed db/authentik/app/big.sql
