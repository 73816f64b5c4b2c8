#!/bin/sh
# The list, narrowed; a snapshot that can't be opened is told, the others are shown, exit code 1.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
echo x >a
echo y >b
expect 0 "$cairn" backup a --tag nightly --host one
expect 0 "$cairn" backup a b --tag weekly --host two
expect 0 "$cairn" snapshots
says out "a, b"
says out "2 snapshots"
expect 0 "$cairn" snapshots --host one
says out nightly
silent out weekly
expect 0 "$cairn" snapshots --component b
says out weekly
silent out nightly
expect 0 "$cairn" ls latest --host one
silent out b
broken=$(find repository/snapshots -type f | head -n 1)
chmod u+w "$broken"
printf 'XXXX' | dd of="$broken" bs=1 seek=200 conv=notrunc status=none
expect 1 "$cairn" snapshots
says err "can't be opened"
says out "1 snapshot"
expect 1 "$cairn" --json snapshots
[ "$(wc -l <out)" -eq 1 ] || fail "not one object"
