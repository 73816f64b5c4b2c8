#!/bin/sh
# A file that can't be read: named, the rest is saved, exit code 3.
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
as_user mkdir src
echo readable >src/yes
as_user sh -c 'echo secret >src/no; chmod 0 src/no'
expect 3 as_user "$cairn" backup src
says err "src/no"
says out "1 not read"
expect 0 as_user "$cairn" ls latest:src
says out "src/yes"
silent out "src/no"
expect 0 as_user "$cairn" snapshots
says out "incomplete"
