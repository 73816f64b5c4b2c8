#!/bin/sh
# Which program this is, without a repository.
. "$(dirname "$0")/setup.sh"
unset CAIRN_REPOSITORY CAIRN_PASSWORD
expect 0 "$cairn" version
grep -Eq '^cairn [0-9]+\.[0-9]+\.[0-9]+$' out || fail "$(cat out)"
says out blake3
expect 0 "$cairn" --version
grep -Eq '^cairn [0-9]+\.[0-9]+\.[0-9]+$' out || fail "$(cat out)"
expect 0 "$cairn" version --json
python3 -c '
import json, sys
o = json.loads(sys.stdin.read())
assert o["version"][0].isdigit() and o["format_version"] >= 1, o' <out
