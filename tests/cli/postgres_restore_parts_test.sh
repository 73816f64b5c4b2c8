#!/bin/sh
# Parts into a live server: a database, a schema, tables, rows alone; under other names; and nothing beside them is touched.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres
load_traps
expect 0 "$cairn" init
pg_dumpall --clean --verbose 2>/dev/null | "$cairn" backup -q - --stdin-name db
state() { rows_of "$url/authentik" && objects_of "$url/authentik"; }
state >before
refused() { expect 1 "$@"; }
unchanged() { state | diff - before >differs || { head -30 differs >&2; fail "$1"; }; }
empty() { run_sql "$url/postgres" -c "DROP DATABASE IF EXISTS $1" -c "CREATE DATABASE $1 TEMPLATE template0" 2>/dev/null; }

expect 0 "$cairn" restore latest:db/authentik --to "$url" --create --rename copied
compare_databases "$url/authentik" "$url/copied"
refused "$cairn" restore latest:db/authentik --to "$url" --create --rename copied
says err copied
# Lost rows, a lost table, a changed one: back with what depends on them, the rest as it was.
run_sql "$url/authentik" -c 'DELETE FROM app.big WHERE id > 7' -c 'DROP TABLE app.part_rest'
expect 0 "$cairn" restore latest:db/authentik/app/big --to "$url/authentik" --data-only --clean
says out 20,000
expect 0 "$cairn" restore latest:db/authentik/app/part_rest --to "$url/authentik"
run_sql "$url/authentik" -c 'INSERT INTO app.quick VALUES (9)' -c 'UPDATE app."a/b%2Fc" SET a = 9'
expect 0 "$cairn" restore latest:db/authentik/app/quick 'latest:db/authentik/app/a%2Fb%252Fc' --to "$url/authentik" --clean
unchanged "tables are not back"
refused "$cairn" restore latest:db/authentik/app/big --to "$url/authentik"
says err big
unchanged "a refused restore changes something"
# Into a schema beside the old one; into another database.
expect 0 "$cairn" restore latest:db/authentik/app/big --to "$url/authentik" --into-schema "old; app"
[ "$(query "$url/authentik" 'SELECT count(*), sum(id), count(DISTINCT h) FROM "old; app".big')" = '20000|200010000|20000' ] || fail "into a schema"
run_sql "$url/authentik" -c 'DROP SCHEMA "old; app" CASCADE'
unchanged "a restore into a schema changes another"
empty scratch
expect 0 "$cairn" restore latest:db/authentik/app/big latest:db/authentik/public/authentik_version_history --to "$url/scratch"
for part in app/big public/authentik_version_history; do
  rows_of "$url/authentik" "$part" >expected
  rows_of "$url/scratch" "$part" | cmp - expected || fail "other rows in $part"
done
empty scratch
run_sql "$url/scratch" -c 'CREATE EXTENSION citext' -c 'CREATE EXTENSION pgcrypto'
expect 0 "$cairn" restore latest:db/authentik/public --to "$url/scratch"
[ "$(query "$url/scratch" 'SELECT count(*) FROM authentik_core_user')" = 8 ] || fail "a schema's rows"
refused "$cairn" restore latest:db/authentik/app/no_such --to "$url/scratch"
[ ! -e PWNED ] || fail "a name ran a command"
