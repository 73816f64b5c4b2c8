#!/bin/sh
# The application's version is read out of the dump, told, and asked for at a restore.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres
load_traps
expect 0 "$cairn" init
pg_dumpall --clean | "$cairn" backup -q - --stdin-name db
component properties >told
says told "'2025.8.4'"
says told "'15."
silent told 2024.12.3
start_postgres
expect 1 "$cairn" restore latest:db --to "$url" --clean --create --expect-version 2025.10.0
says err 2025.8.4
says err 2025.10.0
[ "$(databases_of "$url")" = postgres ] || fail "restored all the same"
expect 1 "$cairn" restore latest:db --target out.d --expect-version 2024.12.3
[ ! -e out.d/db ] || fail "restored all the same"
expect 0 "$cairn" restore latest:db --target out.d --expect-version 2025.8.4
expect 0 "$cairn" restore latest:db --to "$url" --clean --create --expect-version 2025.8.4
# Without a version to be found none is what was expected.
pg_dump -T authentik_version_history authentik | "$cairn" backup -q - --stdin-name db
expect 1 "$cairn" restore latest:db --target out.e --expect-version 2025.8.4
# From every format.
pg_dump -Fc authentik | "$cairn" backup -q - --stdin-name db
component properties >told
says told "'2025.8.4'"
expect 0 "$cairn" backup "db=$url"
component properties >told
says told "'2025.8.4'"
