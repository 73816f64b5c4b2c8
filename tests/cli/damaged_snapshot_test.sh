#!/bin/sh
# When the latest snapshot can't be opened, "latest" isn't the one before: that would be wrong bytes.  Ids still work.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
for day in one two three; do
  echo $day >file
  expect 0 "$cairn" backup file
  find repository/snapshots -type f -newer stamp >$day.path 2>/dev/null || find repository/snapshots -type f >$day.path
  touch stamp
  sleep 0.02
done
damage() {
  chmod u+w "$(cat "$1.path")"
  printf 'XXXX' | dd of="$(cat "$1.path")" bs=1 seek=200 conv=notrunc status=none
}
damage one
expect 0 "$cairn" cat latest:file
[ "$(cat out)" = three ] || fail "$(cat out)"
says err "can't be opened"
expect 0 "$cairn" cat latest~1:file
damage three
expect 1 "$cairn" cat latest:file
[ ! -s out ] || fail "yesterday's file instead of today's"
says err "$(basename "$(cat three.path)" | cut -c1-16)"
expect 1 "$cairn" restore latest --target out.d
[ ! -e out.d ] || fail "restored something"
expect 0 "$cairn" cat "$(basename "$(cat two.path)" | cut -c1-8):file"
[ "$(cat out)" = two ] || fail "$(cat out)"
