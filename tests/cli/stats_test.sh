#!/bin/sh
# Sizes, ratios, and what each component and snapshot added.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
expect 0 "$cairn" stats
head -c 1000000 /dev/urandom >data
mkdir tree
cp data tree/one
cp data tree/two
expect 0 "$cairn" backup data tree
expect 0 "$cairn" backup data
expect 0 "$cairn" stats
says out "dedup 4.00 : 1"
says out tree
expect 0 "$cairn" stats latest
! grep -q "^tree " out || fail "another snapshot"
expect 0 "$cairn" --json stats
tail -n 1 out | python3 -c '
import json, sys
o = json.loads(sys.stdin.read())
assert o["logical_bytes"] == 4000000 and o["unique_bytes"] == 1000000 and o["snapshots"] == 2, o
assert 1000000 < o["total_bytes"] < 1400000, o'
expect 2 "$cairn" stats latest:data
