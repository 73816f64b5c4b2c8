#!/bin/sh
# A command that fails records nothing, whatever else was to be saved; its last words are told.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src
echo content >src/file
expect 1 "$cairn" backup src db=exec:'echo half a dump; echo disk on fire >&2; exit 3'
says err "disk on fire"
says err "exit status 3"
expect 1 "$cairn" backup src --command db -- sh -c 'echo half; exit 1'
expect 1 "$cairn" backup src --command db -- "$work/no-such-program"
expect 1 "$cairn" backup src db=exec:no-such-program
expect 1 "$cairn" backup good=exec:'echo fine' bad=exec:false
[ "$(snapshot_count)" -eq 0 ] || fail "half a dump was recorded"
expect 0 "$cairn" backup src db=exec:'echo a whole dump'
[ "$("$cairn" cat latest:db)" = "a whole dump" ] || fail "not what the command wrote"
expect 0 "$cairn" check --read-data
