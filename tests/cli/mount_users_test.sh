#!/bin/sh
# Other users see nothing without --allow-other, and with it what the permissions in the snapshot let them.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/mount.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root"
command -v setpriv >/dev/null || skip "no setpriv here"
other() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
chmod 755 "$work"
other true || skip "can't become another user"
expect 0 "$cairn" init
mkdir -p src/open src/closed
echo public >src/open/public
echo secret >src/open/secret
echo hidden >src/closed/hidden
chmod 600 src/open/secret
chmod 700 src/closed
acl=no
echo shared >src/open/shared
chmod 600 src/open/shared
if setfacl -m u:65534:r src/open/shared 2>/dev/null; then acl=yes; fi
chmod 755 src src/open
expect 0 "$cairn" backup src
mount_here
expect 2 other ls "$mnt/latest/"
unmount_here
mount_here --allow-other
[ "$(other cat "$mnt/latest/src/open/public")" = public ] || fail "what everybody may read"
for path in open/secret closed/hidden closed; do
  if other cat "$mnt/latest/src/$path" 2>err; then fail "could read $path"; fi
  says err "Permission denied"
  if other ls "$mnt/latest/src/closed" 2>err; then fail "could list it"; fi
done
[ "$acl" = no ] || [ "$(other cat "$mnt/latest/src/open/shared")" = shared ] || fail "what an access list lets him read"
[ "$(cat "$mnt/latest/src/open/secret" "$mnt/latest/src/closed/hidden")" = "secret
hidden" ] || fail "root"
# Databases, and file systems inside of files.
if command -v sqlite3 >/dev/null; then
  sqlite3 app.db 'create table t(a, b); insert into t with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) select i, hex(i) from n; create index x on t(b);'
  expect 0 "$cairn" backup app.db
  newest() { [ -e "$mnt/latest/app.db" ]; }
  wait_for newest
  [ "$(sqlite3 "file:$mnt/latest/app.db?mode=ro" 'select count(*), sum(a) from t; pragma integrity_check' | tr '\n' ' ')" = "20000|200010000 ok " ] ||
    fail "a database"
fi
looped=no
if command -v mkfs.ext4 >/dev/null; then
  truncate -s 8M image
  mkfs.ext4 -q -d src image
  expect 0 "$cairn" backup image
  newest() { [ -e "$mnt/latest/image" ]; }
  wait_for newest
  mkdir inner
  if mount -o loop,ro,noload "$mnt/latest/image" inner 2>/dev/null; then
    diff -r src inner -x lost+found || { umount inner; fail "a file system in the mount"; }
    umount inner
    looped=yes
  fi
fi
unmount_here
[ "$looped" = yes ] || skip "all but a file system in a mounted file: no loop device, or no mkfs.ext4"
