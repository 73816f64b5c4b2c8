#!/bin/sh
# A source that isn't there: reported, the rest is saved; when none is there, nothing is recorded.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src
echo content >src/file
expect 1 "$cairn" backup nowhere
says err "nowhere"
expect 1 "$cairn" backup nowhere neither
[ "$(snapshot_count)" -eq 0 ] || fail "a snapshot of nothing"

expect 3 "$cairn" backup src nowhere
says err "nowhere"
says out "incomplete"
[ "$(snapshot_count)" -eq 1 ] || fail "no snapshot"
[ "$("$cairn" cat latest:src/file)" = content ] || fail "the rest is missing"
