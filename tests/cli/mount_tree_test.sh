#!/bin/sh
# A mounted tree is the tree that was saved, with all that belongs to it.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/mount.sh"
expect 0 "$cairn" init
mkdir -p src/deep/er/st src/many src/private
cp -r "$top/store" src/code
printf 'x%.0s' $(seq 200) >src/short
: >src/empty
head -c 9000000 /dev/urandom >src/long
truncate -s 5M src/hole
printf end >>src/hole
ln src/long src/deep/same
ln -s ../short src/deep/link
ln -s /nowhere src/dangling
printf 'odd\n' >"src/$(printf 'new\nline \377')"
mkfifo src/fifo
seq 3000 | while read -r i; do echo "$i" >src/many/$i; done
chmod 600 src/short
chmod 2755 src/deep
chmod 4711 src/code/error.cc
touch -d '1969-07-20 20:17:40.123456789' src/deep/er
touch -d '2038-02-03 04:05:06.7' src/empty
xattrs=
if setfattr -n user.colour -v red src/short 2>/dev/null; then xattrs=X; fi
if setfacl -m u:1234:r src/private 2>/dev/null; then xattrs=A$xattrs; fi
if [ "$(id -u)" -eq 0 ]; then
  chown 1234:4321 src/short src/deep
  mknod src/device c 1 3 || true
fi
expect 0 "$cairn" backup src --tag nightly --tag a/b
mount_here
[ "$(ls "$mnt")" = "by-id
by-time
hosts
latest
tags" ] || fail "what is on top: $(ls "$mnt")"
diff -r --no-dereference -x fifo -x device "$mnt/latest/src" src || fail "other bytes"
flock -n "$(find "$CAIRN_CACHE_DIR" -name index.lock)" true || fail "backups can't write the local index while something is mounted"
if command -v rsync >/dev/null; then
  rsync -aH${xattrs}n --delete --itemize-changes "$mnt/latest/src/" src/ >changes 2>&1 || fail "rsync: $(cat changes)"
  [ ! -s changes ] || fail "rsync would change: $(cat changes)"
  rsync -aH${xattrs}n --delete --itemize-changes src/ "$mnt/latest/src/" >changes 2>&1 || fail "rsync: $(cat changes)"
  [ ! -s changes ] || fail "rsync would change, the other way: $(cat changes)"
fi
[ "$(stat -c %i "$mnt/latest/src/long")" = "$(stat -c %i "$mnt/latest/src/deep/same")" ] || fail "one file with two inodes"
find src -printf '%P %y %m %U %G %s %T@ %l\n' | grep -v ' d ' | sort >expected
find "$mnt/latest/src" -printf '%P %y %m %U %G %s %T@ %l\n' | grep -v ' d ' | sort >found
cmp expected found || fail "what find tells: $(diff expected found | head)"
tar -C src --exclude=fifo --exclude=device --sort=name -cf - . | tar -tvf - >expected
tar -C "$mnt/latest/src" --exclude=fifo --exclude=device --sort=name -cf - . | tar -tvf - >found
cmp expected found || fail "what tar takes: $(diff expected found | head)"
[ "$(grep -rl 'class ChunkReader' "$mnt/latest/src/code" | wc -l)" -gt 0 ] || fail "grep finds nothing"

# Any place of a long file, in any order, by several at once.
for place in 0 1 131071 131072 4194303 4194304 8999990; do
  dd if="$mnt/latest/src/long" bs=1 skip=$place count=40 iflag=direct 2>/dev/null | cmp - - >/dev/null
  tail -c +$((place + 1)) "$mnt/latest/src/long" | head -c 70000 >a
  tail -c +$((place + 1)) src/long | head -c 70000 | cmp - a || fail "other bytes at $place"
done
echo 3 >/proc/sys/vm/drop_caches 2>/dev/null || true
for i in 1 2 3 4; do cmp src/long "$mnt/latest/src/long" & eval "reader$i=$!"; done
# shellcheck disable=SC2154
for reader in $reader1 $reader2 $reader3 $reader4; do wait "$reader" || fail "a reader beside others read other bytes"; done

# Nothing can be changed, nothing can be run.
for act in "touch $mnt/latest/src/new" "rm -f $mnt/latest/src/short" "mkdir $mnt/x" "chmod 777 $mnt/latest/src/empty"; do
  $act 2>/dev/null && fail "could: $act"
done
grep -F " $mnt " /proc/mounts | grep -q 'ro,nosuid,nodev,noexec' || fail "options: $(grep -F " $mnt " /proc/mounts)"

# The other ways to the snapshot; a new one appears by itself.
id=$(ls "$mnt/by-id")
for way in by-time/*/* hosts/*/latest hosts/*/20* tags/nightly/latest 'tags/a%2Fb/latest' latest; do
  # shellcheck disable=SC2086
  [ "$(basename "$(cd "$mnt" && readlink $way)")" = "$id" ] || fail "$way doesn't lead to $id"
done
for wrong in latest/gone by-id/0000 hosts/gone latest/src/short/x; do
  [ ! -e "$mnt/$wrong" ] || fail "$wrong is there"
done
echo more >src/more
expect 0 "$cairn" backup src
appeared() { [ "$(ls "$mnt/by-id" | wc -l)" -eq 2 ] && [ "$(cat "$mnt/latest/src/more" 2>/dev/null)" = more ]; }
wait_for appeared
[ -e "$mnt/by-id/$id/src/short" ] && [ ! -e "$mnt/by-id/$id/src/more" ] || fail "the old snapshot has changed"
unmount_here
unmounted || fail "still there"
