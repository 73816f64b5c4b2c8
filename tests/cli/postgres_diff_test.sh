#!/bin/sh
# The difference of two dumps: tables added, removed and changed, with how many rows; without a server, whatever the dumps' formats.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres
load_traps
expect 0 "$cairn" init
pg_dumpall --verbose 2>/dev/null | "$cairn" backup -q - --stdin-name db
pg_dumpall --verbose 2>/dev/null | "$cairn" backup -q - --stdin-name db
expect 0 "$cairn" diff latest~1:db latest:db
printf 'No difference.\n' | cmp - out || fail "$(cat out)"
run_sql "$url/authentik" -c 'INSERT INTO app.big (id) SELECT g FROM generate_series(20001, 20030) g' \
  -c 'DELETE FROM app.big WHERE id <= 10' -c "UPDATE app.big SET h = 'other' WHERE id BETWEEN 100 AND 104" \
  -c 'DROP TABLE app.quick' -c 'CREATE TABLE app.fresh AS SELECT g FROM generate_series(1, 12) g' \
  -c 'ALTER TABLE app.parent ADD COLUMN c integer'
pg_dumpall --verbose 2>/dev/null | "$cairn" backup -q - --stdin-name db
expect 0 "$cairn" diff latest~1:db latest:db
line() { grep -F "$1" out >line || { cat out >&2; fail "the difference does not name $1"; }; }
line authentik/app/big
says line '+35'
says line '-15'
line authentik/app/fresh
says line '+12'
line authentik/app/quick
says line '-1'
line authentik/app/parent
silent out authentik_core_user
silent out app/typed
expect 0 "$cairn" --json diff latest~1:db latest:db
python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' <out
