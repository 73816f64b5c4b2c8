#!/bin/sh
# Not one byte is free: a backup fails cleanly and records nothing; forgetting and pruning work all the same, and make room.
. "$(dirname "$0")/../cli/setup.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root to mount a small file system"
"$cairn" --help | grep -q "^  forget " || skip "needs cairn forget"
mkdir small data
mount -t tmpfs -o size=6m tmpfs small 2>/dev/null || skip "can't mount a file system here"
trap 'umount "$work/small"; rm -rf "$work"' EXIT
export CAIRN_REPOSITORY="$work/small/repository"
free() { df --output=avail "$work/small" | tail -1 | tr -d ' '; }
expect 0 "$cairn" init
head -c 500000 /dev/urandom >data/kept
expect 0 "$cairn" backup data --json
kept=$(sed -n 's/.*"snapshot_id":"\([0-9a-f]*\)".*/\1/p' out)
mkdir more
head -c 2000000 /dev/urandom >more/forgotten
expect 0 "$cairn" backup more --json
forgotten=$(sed -n 's/.*"snapshot_id":"\([0-9a-f]*\)".*/\1/p' out)
expect 0 "$cairn" prune
dd if=/dev/zero of=small/filler bs=4k 2>/dev/null || true
[ "$(free)" -eq 0 ] || fail "the disk isn't full"

head -c 100000 /dev/urandom >data/new
before=$(snapshot_count)
for _ in 1 2; do
  expect 1 "$cairn" backup data
  says err "No space left"
  [ "$(snapshot_count)" -eq "$before" ] || fail "a backup into a full disk was recorded"
done
expect 0 "$cairn" check
dd if=/dev/zero of=small/filler2 bs=4k 2>/dev/null || true
[ "$(free)" -eq 0 ] || fail "the disk isn't full"

expect 0 "$cairn" forget "$forgotten"
expect 0 "$cairn" prune
[ "$(free)" -gt 1500 ] || fail "only $(free) KiB are free after the prune"
expect 0 "$cairn" check --read-data
expect 0 "$cairn" restore "$kept" --target restored
cmp data/kept restored/data/kept || fail "not what went in"
expect 0 "$cairn" backup data
expect 0 "$cairn" check --read-data
