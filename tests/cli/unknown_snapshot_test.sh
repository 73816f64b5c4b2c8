#!/bin/sh
# Snapshots and paths that aren't there: a sentence with what to type instead, nothing made.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
expect 1 "$cairn" ls latest
says err "cairn backup"
mkdir src
echo content >src/file
expect 0 "$cairn" backup src
expect 1 "$cairn" ls latest~1
expect 1 "$cairn" ls 0123456789
says err "cairn snapshots"
expect 2 "$cairn" ls abc
says err "4 digits"
expect 1 "$cairn" ls @2001-01-01
expect 2 "$cairn" ls @yesterday
expect 1 "$cairn" ls latest --tag nightly
expect 1 "$cairn" ls latest:src/nofile
says err "nofile"
expect 1 "$cairn" cat latest:src/nofile
[ ! -s out ] || fail "output in spite of the error"
expect 1 "$cairn" restore latest:src latest:nothing --target out.d
[ ! -e out.d ] || fail "half a restore"
expect 2 "$cairn" ls latest:src/../x
expect 2 "$cairn" cat latest
id=$("$cairn" snapshots --json | python3 -c 'import json,sys; print(json.loads(sys.stdin.readline())["id"])')
expect 0 "$cairn" ls "$(echo "$id" | cut -c1-8):src"
expect 0 "$cairn" ls "@$(date +%Y-%m-%dT%H:%M):src"
says out src/file
