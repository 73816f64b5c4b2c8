# Sourced by the scenarios of mount, after setup.sh: a directory to mount on, and ways to mount that leave nothing behind.
# shellcheck shell=sh
[ -c /dev/fuse ] && [ -w /dev/fuse ] || skip "no /dev/fuse here"
[ "$(id -u)" -eq 0 ] || command -v fusermount3 >/dev/null || skip "no fusermount3 here"
mnt=$work/mnt
mkdir "$mnt"
command -v stop_servers >/dev/null || stop_servers() { :; }   # those of redis.sh and postgres.sh, sourced before
trap 'umount -l "$mnt" 2>/dev/null || fusermount3 -uzq "$mnt" 2>/dev/null || true
      stop_servers; chmod -R u+rwX "$work" 2>/dev/null || true; rm -rf "$work"' EXIT

mounted() { grep -qF " $mnt fuse.cairn " /proc/mounts; }
unmounted() { ! grep -qF " $mnt " /proc/mounts; }
# mount_here OPTION...: in the foreground of a job, its words in the file words; $pid is its process.
mount_here() {
  env --default-signal=INT "$cairn" mount --foreground "$@" "$mnt" >words 2>&1 &   # shells ignore it in the background
  pid=$!
  wait_for mounted_or_dead
  mounted || { cat words >&2; fail "no mount"; }
}
mounted_or_dead() { mounted || ! kill -0 "$pid" 2>/dev/null; }
# unmount_here: waits until the process is gone, too.
unmount_here() {
  umount "$mnt" || fail "can't be unmounted"
  wait "$pid" || fail "exit code $? of the mount: $(cat words)"
}

# parts_are_mounted: what `cairn ls` lists of latest is there and nothing else, and every file is what `cairn cat` writes; of many keys
# and tables, some.
parts_are_mounted() {
  "$cairn" ls -R latest | LC_ALL=C sort -u >expected
  (cd "$mnt/latest" && find . -mindepth 1 | sed 's|^\./||' | LC_ALL=C sort) >there
  cmp expected there || fail "ls and find differ: $(diff expected there | head -20)"
  (cd "$mnt/latest" && find . -type f | sed 's|^\./||' | LC_ALL=C sort) >found
  count=0
  while IFS= read -r path; do
    count=$((count + 1))
    case "$path" in
      */*/*) [ $((count % ${1:-1})) -eq 0 ] || continue ;;
    esac
    "$cairn" cat "latest:$path" >wanted || fail "cat of $path"
    cmp wanted "$mnt/latest/$path" || fail "$path has other bytes"
    [ "$(stat -c %s "$mnt/latest/$path")" -eq "$(wc -c <wanted)" ] || fail "$path has another size"
  done <found
}
# original_is_mounted FILE PATH: is that file byte for byte, from any place on.
original_is_mounted() {
  cmp "$1" "$mnt/latest/$2" || fail "$2 isn't what was saved"
  for bytes in 1 1000 70000; do
    tail -c $bytes "$mnt/latest/$2" >a
    tail -c $bytes "$1" | cmp - a || fail "the end of $2"
  done
}
