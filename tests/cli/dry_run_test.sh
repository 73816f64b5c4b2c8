#!/bin/sh
# A dry run tells, and writes nothing.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src
echo content >src/file
find repository -type f -exec sha256sum {} + | sort >before
expect 0 "$cairn" backup src --dry-run
says out src/file
says out "dry run"
find repository -type f -exec sha256sum {} + | sort >after
cmp before after || fail "backup --dry-run wrote"
expect 0 "$cairn" backup db=exec:'touch ran; echo x' -n
[ ! -e ran ] || fail "the command was run"
[ "$(snapshot_count)" -eq 0 ] || fail "a snapshot of a dry run"

expect 0 "$cairn" backup src
expect 0 "$cairn" restore latest --target t --dry-run
says out src/file
[ ! -e t ] || fail "restore --dry-run wrote"
