#!/bin/sh
# Tags and protection change; the snapshots' files don't.
. "$(dirname "$0")/setup.sh"
echo x >file
expect 0 "$cairn" init
expect 0 "$cairn" backup file --tag nightly
expect 0 "$cairn" backup file
ls "$CAIRN_REPOSITORY"/snapshots >files
expect 2 "$cairn" tag latest
expect 2 "$cairn" tag --add x
expect 2 "$cairn" tag --protect --unprotect latest
expect 2 "$cairn" tag --set a --add b latest
expect 1 "$cairn" tag --add x latest~5

expect 0 "$cairn" tag --add release --remove nightly --protect latest~1
says out "tags release; protected"
expect 0 "$cairn" --json tag --add b --add a latest latest
[ "$(wc -l <out)" -eq 2 ] || fail "one snapshot, one summary: $(cat out)"
says out '"tags":["a","b"],"protected":false'
says out '{"message_type":"summary","snapshots":1,"changes":1}'
expect 0 "$cairn" snapshots --json --tag release
says out '"tags":["release"]'
says out '"protected":true'
expect 0 "$cairn" snapshots --tag nightly
says out "0 snapshots"
expect 0 "$cairn" --json tag --add a latest
says out '"changes":0'
expect 0 "$cairn" tag --set only --unprotect latest~1
says out "tags only"
silent out protected
expect 0 "$cairn" tag --remove only latest~1
says out "no tags"
ls "$CAIRN_REPOSITORY"/snapshots | cmp - files || fail "snapshots were rewritten"
expect 0 "$cairn" check
