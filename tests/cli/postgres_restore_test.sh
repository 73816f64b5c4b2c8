#!/bin/sh
# Everything into another server: twice, and nothing in a name or a row runs a command.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres
from=$url
load_traps
run_sql "$url/postgres" -c 'CREATE TABLE of_postgres AS SELECT 1 AS a'
expect 0 "$cairn" init
pg_dumpall --clean --verbose 2>/dev/null | "$cairn" backup -q - --stdin-name db
expect 0 "$cairn" backup "db=$url"

# same: the server at url holds what is at from.
same() {
  databases_of "$from" | while IFS= read -r database; do
    database=$(echo "$database" | sed 's/ /%20/g; s/"/%22/g')
    compare_databases "$from/$database" "$url/$database"
  done
  globals='SELECT r, (SELECT array_agg(roleid::regrole ORDER BY 1) FROM pg_auth_members m WHERE m.member = r.oid) FROM pg_authid r ORDER BY rolname'
  [ "$(query "$url/postgres" "$globals" | cut -d , -f 2-)" = "$(query "$from/postgres" "$globals" | cut -d , -f 2-)" ] || fail "other roles"
  [ ! -e PWNED ] || fail "a name ran a command"
}
for snapshot in latest~1 latest; do
  start_postgres
  expect 0 "$cairn" restore --dry-run $snapshot:db --to "$url" --clean --create
  [ "$(databases_of "$url")" = postgres ] || fail "a dry run writes"
  expect 0 "$cairn" restore $snapshot:db --to "$url" --clean --create
  says out Complete
  same
  run_sql "$url/authentik" -c 'DELETE FROM app.big' -c 'DROP TABLE app.typed CASCADE' -c 'CREATE TABLE app.extra ()'
  expect 0 "$cairn" restore $snapshot:db --to "$url" --clean --create     # and over what is there
  same
done
# Without --clean nothing that is there is touched, and it is told.
expect 1 "$cairn" restore latest:db --to "$url"
says err 'exists'
same
expect 1 "$cairn" restore latest:db --to "postgresql://postgres@127.0.0.1:1"
expect 1 "$cairn" restore latest:db --to "postgresql://authentik@127.0.0.1:$PGPORT" --clean --create
