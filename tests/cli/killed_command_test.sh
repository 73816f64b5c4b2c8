#!/bin/sh
# A command that is killed, or dies of a signal, records nothing.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
# shellcheck disable=SC2016
expect 1 "$cairn" backup db=exec:'echo half a dump; kill -9 $$'
says err "db"
# shellcheck disable=SC2016
expect 1 "$cairn" backup --command db -- sh -c 'echo half a dump; kill -TERM $$'
[ "$(snapshot_count)" -eq 0 ] || fail "half a dump was recorded"
