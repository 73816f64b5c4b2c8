#!/bin/sh
# A repository that can't be written to: looking works, a backup fails with exit code 1 and leaves nothing.
. "$(dirname "$0")/setup.sh"
run=''
if [ "$(id -u)" -eq 0 ]; then
  run='setpriv --reuid=65534 --regid=65534 --clear-groups'
  $run true 2>/dev/null || skip "needs a second user"
  cp "$cairn" "$work/cairn" && cairn=$work/cairn
  chown 65534:65534 "$work"
fi
# shellcheck disable=SC2086
as_user() { $run "$@"; }
expect 0 as_user "$cairn" init
echo content >file
expect 0 as_user "$cairn" backup file
chmod -R a-w repository
find repository | sort >before
echo more >>file
expect 1 as_user "$cairn" backup file
says err "ermission denied"
find repository | sort >after
cmp before after || fail "something was written"
expect 0 as_user "$cairn" check --read-data
expect 0 as_user "$cairn" restore latest --target out.d
chmod -R u+w repository
expect 0 as_user "$cairn" backup file
expect 0 as_user "$cairn" check
[ "$(as_user "$cairn" snapshots --json | wc -l)" -eq 2 ] || fail "not two snapshots"
