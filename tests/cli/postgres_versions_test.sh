#!/bin/sh
# Servers older than pg_dump are saved as any other, and restored into newer ones; into an older one with a word of warning.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
for version in 13 14 16 17 18; do need_server $version; done
expect 0 "$cairn" init
for version in 13 14; do
  start_postgres $version
  load_traps
  expect 0 "$cairn" backup "db=$url"
  component properties | grep -q "'server[^']*': '${version}[.]" || fail "the version is not told: $(component properties)"
  query "$url/authentik" 'COPY app.big TO STDOUT' >rows
  "$cairn" cat latest:db/authentik/app/big.copy | cmp - rows || fail "other rows, from $version"
  rows_of "$url/authentik" >expected
  # Back into its like too: pg_dump 15 writes what 13 and 14 don't know (LOCALE_PROVIDER).
  for target in $version $((version * 2 - 12)) 18; do
    start_postgres "$target"
    expect 0 "$cairn" restore latest:db --to "$url" --clean --create
    rows_of "$url/authentik" | diff - expected >rows.diff || { head -20 rows.diff >&2; fail "other rows, from $version in $target"; }
  done
  stop_servers
done
# From 14 into 13: told before anything is done.
start_postgres 13
run_sql "$url/postgres" -c 'CREATE ROLE authentik' -c 'CREATE ROLE readers'
expect 0 "$cairn" restore 'latest:db/We"ird db' --to "$url" --create
says err '13.'
says err '14.'
[ "$(query "$url/We%22ird%20db" 'SELECT count(*) FROM "t; ""quoted"""')" = 7 ] || fail "other rows, from 14 in 13"
