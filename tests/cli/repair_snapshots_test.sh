#!/bin/sh
# A snapshot that lost a file for good: saved anew without it, the old one stays, and everything else comes back.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src src/sub
for i in 1 2 3 4 5 6 7 8 9; do head -c 1500000 /dev/urandom >src/sub/file$i; done   # a frame may hold pieces of files that are read at once, not of so many
echo small >src/small
expect 0 "$cairn" backup src db=exec:'seq 100000' --tag nightly --host elsewhere
expect 0 "$cairn" repair snapshots --read-data
says out "None of them lost anything"
pack=$(find repository/packs -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
chmod u+w "$pack"
printf 'XXXX' | dd of="$pack" bs=1 seek=2000000 conv=notrunc status=none
expect 1 "$cairn" repair packs
expect 1 "$cairn" repair snapshots --dry-run
says out "would be saved anew"
[ "$(snapshot_count)" -eq 1 ] || fail "a dry run wrote"
old=$("$cairn" snapshots --json | python3 -c 'import json,sys; print(json.loads(sys.stdin.readline())["id"])')
expect 1 "$cairn" repair snapshots --json
new=$(python3 -c '
import json, sys
lines = [json.loads(l) for l in open("out")]
one, summary = lines[0], lines[-1]
assert one["message_type"] == "snapshot" and one["snapshot_id"] == sys.argv[1] and one["losses"], one
assert all(l["path"].startswith("src/sub/file") for l in one["losses"]), one
assert summary["snapshots_made"] == 1 and summary["snapshots_damaged"] == 1, summary
print(one["replacement"])' "$old")
[ "$(snapshot_count)" -eq 2 ] || fail "$(snapshot_count) snapshots"
expect 0 "$cairn" restore "$new" --target back
expect 1 "$cairn" restore "$old" --target old
seq 100000 >dump
"$cairn" cat "$new":db | cmp - dump
cmp src/small back/src/small
for i in 1 2 3 4 5 6 7 8 9; do
  [ ! -e back/src/sub/file$i ] || cmp src/sub/file$i back/src/sub/file$i
done
[ "$(find back/src/sub -type f | wc -l)" -ge 1 ] || fail "nothing kept"
expect 0 "$cairn" snapshots --json
python3 -c '
import json
old, new = [json.loads(l) for l in open("out")]
assert old["time"] == new["time"] and new["host"] == "elsewhere" and new["tags"] == ["nightly"], new' || fail "$(cat out)"
expect 1 "$cairn" repair snapshots
says out "by an earlier repair"
[ "$(snapshot_count)" -eq 2 ] || fail "repaired twice"
