#!/bin/sh
# Servers newer than pg_dump: a clear word and nothing recorded; with a pg_dump that is new enough, as any other.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
for version in 16 17 18; do need_server $version; done
need_client
expect 0 "$cairn" init
# The newest that there is, and no other that this machine may have.
export CAIRN_PG_DUMP="$tools/pg_dump"
for version in 16 18; do
  start_postgres $version
  expect 1 "$cairn" backup "db=$url"
  says err "$version."                     # whose version, and whose is too old
  says err "15."
  says err pg_dump
  stop_servers
done
[ "$(snapshot_count)" -eq 0 ] || fail "recorded all the same"
export CAIRN_PG_DUMP="$client/pg_dump"
for version in 16 17; do
  start_postgres $version
  load_traps
  expect 0 "$cairn" backup "db=$url"
  rows_of "$url/authentik" >expected
  start_postgres $version
  expect 0 "$cairn" restore latest:db --to "$url" --clean --create
  rows_of "$url/authentik" | diff - expected >rows.diff || { head -20 rows.diff >&2; fail "other rows, from $version"; }
  stop_servers
done
# Its dump into an older one: told first, and what only newer ones know (SET transaction_timeout) is no obstacle.
start_postgres 15
run_sql "$url/postgres" -c 'CREATE ROLE authentik' -c 'CREATE ROLE readers'
expect 0 "$cairn" restore 'latest:db/We"ird db' --to "$url" --create
says err '15.'
says err '17.'
[ "$(query "$url/We%22ird%20db" 'SELECT count(*) FROM "t; ""quoted"""')" = 7 ] || fail "other rows, from 17 in 15"
