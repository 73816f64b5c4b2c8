#!/bin/sh
# What only forgotten snapshots needed is freed; a backup that runs meanwhile is waited for, not hindered.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
head -c 3000000 /dev/urandom >old
echo small >kept
expect 0 "$cairn" backup old kept
expect 0 "$cairn" backup kept
size() { du -sk repository | cut -f1; }
expect 0 "$cairn" prune
says out "Freed now:   0"
expect 0 "$cairn" forget "$("$cairn" snapshots --json | head -1 | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/')"
before=$(size)
expect 0 "$cairn" prune -n
says out "Would free:  2."
says out "Nothing was changed"
[ "$(size)" -eq "$before" ] || fail "a dry run changed something"
expect 0 "$cairn" prune --json
tail -n 1 out | python3 -c '
import json, sys
o = json.loads(sys.stdin.read())
assert o["message_type"] == "summary" and o["deleted_bytes"] > 2900000 and o["waiting_packs"] == 0, o'
[ "$(size)" -lt $((before - 2500)) ] || fail "nothing was freed: $before, now $(size)"
expect 0 "$cairn" check --read-data
"$cairn" cat latest:kept | cmp - kept

# A backup that waits for its source while a prune runs.
expect 0 "$cairn" backup old
"$cairn" backup slow=exec:'while [ ! -e go ]; do sleep 0.1; done; cat old' >slow.out 2>&1 &
running=$!
wait_for sh -c 'ls repository/leases/*.2 >/dev/null 2>&1'   # it has looked at everything by then
expect 0 "$cairn" forget latest
expect 0 "$cairn" prune
says out "Freed later: 2."
says out "has ended"
touch go
wait "$running" || { cat slow.out >&2; fail "the backup was hindered"; }
"$cairn" cat latest:slow | cmp - old
expect 0 "$cairn" prune
expect 0 "$cairn" check --read-data
"$cairn" cat latest:slow | cmp - old
expect 0 "$cairn" prune --recompress 9
expect 0 "$cairn" check --read-data
"$cairn" cat latest:slow | cmp - old
