#!/bin/sh
# kill -9 in the middle of a copy: what stands is whole, and the next run brings the rest without reading again what stands.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
for number in 1 2 3 4; do
  head -c 30000000 /dev/urandom >big
  expect 0 "$cairn" backup big
done
export CAIRN_REPOSITORY="$work/other" CAIRN_PASSWORD=another CAIRN_FROM_PASSWORD=correct-horse
expect 0 "$cairn" init
"$cairn" copy --from repository >out 2>/dev/null &
cairn_pid=$!
stands() { [ -n "$(ls other/snapshots 2>/dev/null)" ]; }
wait_for stands
kill -9 $cairn_pid
wait $cairn_pid 2>/dev/null || true
expect 0 "$cairn" check --read-data
stood=$(snapshot_count)
expect 0 "$cairn" copy --from repository --json
tail -n 1 out | python3 -c "
import json, sys
o = json.load(sys.stdin)
assert o['skipped'] == $stood >= 1 and o['copied'] == 4 - $stood and o['bytes_read'] == 30000000 * (4 - $stood), o"
expect 0 "$cairn" check --read-data
"$cairn" cat latest:big | cmp - big || fail "not what went in"
# Interrupted, not killed: what is in packs is not stored again.
rm -rf other && expect 0 "$cairn" init
"$cairn" copy --from repository >out 2>err &
cairn_pid=$!
begun() { [ -n "$(ls other/tmp other/packs 2>/dev/null | grep -v :)" ]; }
wait_for begun
kill -INT $cairn_pid
status=0
wait $cairn_pid || status=$?
[ "$status" -eq 130 ] || [ "$status" -eq 0 ] || fail "exit code $status"
expect 0 "$cairn" copy --from repository
expect 0 "$cairn" check --read-data
[ "$(snapshot_count)" -eq 4 ] || fail "not four snapshots"
