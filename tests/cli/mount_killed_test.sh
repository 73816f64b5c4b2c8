#!/bin/sh
# A mount in the background; errors before that; and no dead mount, however it ends.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/mount.sh"
expect 10 "$cairn" mount "$mnt"
expect 0 "$cairn" init
mkdir src
echo words >src/file
expect 0 "$cairn" backup src
expect 2 "$cairn" mount
expect 1 "$cairn" mount "$work/nowhere"
expect 2 "$cairn" mount src/file
CAIRN_PASSWORD=wrong expect 12 "$cairn" mount "$mnt"
says err "password"
unmounted || fail "mounted with a wrong password"

# In the background, with paths that are not from the root.
(cd "$work" && CAIRN_REPOSITORY=repository CAIRN_CACHE_DIR=cache expect 0 "$cairn" mount mnt)
mounted || fail "not mounted"
[ "$(cat "$mnt/latest/src/file")" = words ] || fail "nothing to read"
process() { pgrep -f "^$cairn mount $1\$" || true; }
[ "$(process mnt | wc -l)" -eq 2 ] || fail "processes: $(process mnt)"
umount "$mnt"
gone() { [ -z "$(process "$1")" ]; }
wait_for gone mnt

# Ctrl-C.
mount_here
kill -INT "$pid"
wait "$pid" || fail "exit code $? after Ctrl-C"
unmounted || fail "still there after Ctrl-C"
# SIGTERM, while somebody uses it.
mount_here
(cd "$mnt/latest/src" && exec sleep 60) &
user=$!
wait_for test -e "$mnt/latest/src/file"
sleep 0.2
kill -TERM "$pid"
wait "$pid" || fail "exit code $? after SIGTERM"
unmounted || fail "still there after SIGTERM"
kill "$user"

# kill -9, in the middle of things.
mount_here
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
wait_for unmounted
ls "$mnt" >/dev/null || fail "a dead mount"
# A dead mount that nobody took away (the watchman was killed first) is taken away by the next one.
mount_here
watchmen=$(pgrep -f "^$cairn mount --foreground $mnt\$" | grep -v "^$pid\$")
stat "$mnt" >/dev/null   # the kernel knows it for a second from now on, whoever is dead
# shellcheck disable=SC2086
kill -9 $watchmen "$pid"
wait "$pid" 2>/dev/null || true
expect 0 "$cairn" mount "$mnt"
says err "takes away the mount that a killed process left"
[ "$(cat "$mnt/latest/src/file")" = words ] || fail "nothing to read after a dead mount"
umount "$mnt"
wait_for gone "$mnt"
