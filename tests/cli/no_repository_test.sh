#!/bin/sh
# A place without a repository: exit code 10, one sentence, nothing made there.
. "$(dirname "$0")/setup.sh"
for command in snapshots stats check "ls latest" "cat latest:x" "backup /etc/hostname" "restore latest --target out.d"; do
  # shellcheck disable=SC2086
  expect 10 "$cairn" $command
  says err "no cairn repository"
  [ "$(wc -l <err)" -eq 1 ] || fail "$command: more than one sentence"
  { [ ! -e repository ] && [ ! -e out.d ]; } || fail "$command: something was made"
done
mkdir repository
echo mine >repository/notes
expect 10 "$cairn" snapshots
expect 2 "$cairn" -r sftp://bucket/x snapshots
says err "not supported by this version"
CAIRN_REPOSITORY='' expect 2 "$cairn" snapshots
