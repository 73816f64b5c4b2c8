#!/bin/sh
# Where the password comes from, and what a wrong one does.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
cp -r repository before
export CAIRN_PASSWORD=wrong
expect 12 "$cairn" snapshots
[ "$(wc -l <err)" -eq 1 ] || fail "more than one sentence"
expect 12 "$cairn" backup /etc/hostname
diff -r before repository || fail "something was written"

unset CAIRN_PASSWORD
expect 2 setsid "$cairn" snapshots
says err "no password"
printf 'correct-horse\n' >file
printf 'correct-horse\n\n' >two-newlines
expect 0 "$cairn" --password-file file snapshots
expect 0 "$cairn" snapshots --password-command 'cat file'
expect 12 "$cairn" --password-file two-newlines snapshots
expect 1 "$cairn" --password-file missing snapshots
expect 1 "$cairn" snapshots --password-command 'cat file; exit 5'
says err "exit status 5"
expect 2 "$cairn" --password-file - snapshots

export CAIRN_PASSWORD_FILE="$work/file"
expect 0 "$cairn" snapshots
expect 2 "$cairn" --password-command 'cat file' snapshots
says err "ambiguous"
CAIRN_PASSWORD=correct-horse expect 2 "$cairn" snapshots
says err "ambiguous"
