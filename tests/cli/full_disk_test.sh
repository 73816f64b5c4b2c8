#!/bin/sh
# The disk fills up: exit code 1, no snapshot, and the next run works.
. "$(dirname "$0")/setup.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root to mount a small file system"
mkdir small
mount -t tmpfs -o size=8m tmpfs small 2>/dev/null || skip "can't mount a file system here"
trap 'umount "$work/small"; rm -rf "$work"' EXIT
export CAIRN_REPOSITORY="$work/small/repository"
expect 0 "$cairn" init
echo first >first
expect 0 "$cairn" backup first
head -c 20000000 /dev/urandom >big
expect 1 "$cairn" backup big
says err "No space left"
[ "$(snapshot_count)" -eq 1 ] || fail "half a backup was recorded"
mount -o remount,size=64m small
expect 0 "$cairn" backup big
expect 0 "$cairn" check --read-data
"$cairn" cat latest:big | cmp - big || fail "not what went in"
"$cairn" cat latest:big >/dev/full 2>err && fail "a full disk went unnoticed"
says err "No space left"
