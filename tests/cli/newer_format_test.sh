#!/bin/sh
# A repository of a newer format: one sentence, exit code 1, nothing written.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
# The version is the two bytes at offset 8 of every file.
chmod u+w repository/config
printf '\002' | dd of=repository/config bs=1 seek=8 conv=notrunc status=none
cp -r repository before
for command in snapshots check "backup /etc/hostname"; do
  # shellcheck disable=SC2086
  expect 1 "$cairn" $command
  says err "newer"
  [ "$(wc -l <err)" -eq 1 ] || fail "more than one sentence"
done
diff -r before repository || fail "something was written"
