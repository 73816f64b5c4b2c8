#!/bin/sh
# A storage that hangs is an input/output error in time, and is there again when it answers: the repository lies in another mount, whose
# process is stopped for a while.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/mount.sh"
expect 0 "$cairn" init
mkdir src lower
head -c 300000 /dev/urandom >src/first
# More of it than anything between a disk and a reader reads ahead, or holds by chance.
head -c 150000000 /dev/urandom >src/second
expect 0 "$cairn" backup src
mv repository inner
export CAIRN_REPOSITORY="$work/outer"
expect 0 "$cairn" init
expect 0 "$cairn" backup inner
trap 'kill -CONT "$holder" 2>/dev/null || true; umount -l "$mnt" "$work/lower" 2>/dev/null || true
      chmod -R u+rwX "$work" 2>/dev/null || true; rm -rf "$work"' EXIT
"$cairn" mount --foreground "$work/lower" >lower.words 2>&1 &
holder=$!
lower_is_there() { [ -e lower/latest/inner/config ]; }
wait_for lower_is_there
export CAIRN_REPOSITORY="$work/lower/latest/inner"
mount_here --timeout 3
cmp src/first "$mnt/latest/src/first" || fail "before anything happened"
kill -STOP "$holder"
began=$(date +%s)
if cat "$mnt/latest/src/second" >/dev/null 2>err; then fail "read from a storage that hangs"; fi
says err "Input/output error"
timeout 30 ls "$mnt/" >/dev/null || fail "not even the names"
[ $(($(date +%s) - began)) -lt 30 ] || fail "it took $(($(date +%s) - began)) s"
says words "the storage doesn't answer"
kill -CONT "$holder"
again() { cmp -s src/second "$mnt/latest/src/second"; }
wait_for again
unmount_here
umount "$work/lower"
wait "$holder" || fail "the lower mount"
