#!/bin/sh
# kill -9 in the middle: earlier snapshots are intact, the next run needs no repair or unlocking.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
echo first >first
expect 0 "$cairn" backup first
head -c 40000000 /dev/urandom >big
for attempt in 1 2 3; do
  rm -f started
  "$cairn" backup big db=exec:'touch started; sleep 3' 2>/dev/null &
  cairn_pid=$!
  wait_for test -e started
  sleep 0.$attempt
  kill -9 $cairn_pid
  wait $cairn_pid 2>/dev/null || true
  expect 0 "$cairn" check --read-data
  [ "$(snapshot_count)" -eq 1 ] || fail "a snapshot of a killed backup"
done
expect 0 "$cairn" backup big
"$cairn" cat latest:big | cmp - big || fail "not what went in"
[ "$("$cairn" cat latest~1:first)" = first ] || fail "the earlier snapshot is damaged"
expect 0 "$cairn" check --read-data
