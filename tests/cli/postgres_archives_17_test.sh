#!/bin/sh
# Archives of pg_dump 17, with lz4 and zstd too: they come back as they were, and have the parts of a plain dump.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
need_client
start_postgres 17
load_traps
pg_dump() { "$client/pg_dump" "$@"; }
pg_dump --create authentik >plain.sql
expect 0 "$cairn" init
"$cairn" backup -q db=plain.sql
"$cairn" ls -R latest:db | grep -v /dump >parts.plain
query "$url/authentik" 'COPY app.big TO STDOUT' >rows

# saved WHAT: what stands in the file or folder `archive` came back, with parts and rows.
saved() {
  "$cairn" ls -R latest:db | grep -v /dump | cmp - parts.plain || fail "$1 has other parts"
  "$cairn" cat latest:db/authentik/app/big.copy | cmp - rows || fail "$1: other rows"
  [ "$(component completeness)" = complete ] || fail "$1 is $(component completeness)"
}
for method in none gzip:1 lz4 zstd; do
  pg_dump -Fc -Z $method -f archive authentik
  sends 0 archive
  came_back archive
  "$cairn" cat latest:db | "$client/pg_restore" -l >/dev/null || fail "pg_restore can't read what came of $method"
  saved "-Fc $method"
  pg_dump -Fd -Z $method -f folder authentik
  expect 0 "$cairn" backup db=folder
  saved "-Fd $method"
  expect 0 "$cairn" restore latest:db --target out.d
  diff -r folder "$(dirname "$(find out.d -name toc.dat)")" || fail "-Fd $method comes back otherwise"
  rm -r folder out.d
done
pg_dump -Ft -f archive authentik
sends 0 archive
came_back archive
saved -Ft
expect 0 "$cairn" check --read-data
