#!/bin/sh
# What changed between two snapshots: files with signs, as JSON, and nothing where nothing did.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir -p src/dir
echo one >src/kept
echo two >src/dir/changed
echo three >src/gone
expect 0 "$cairn" backup src
echo more >>src/dir/changed
rm src/gone
echo four >src/new
expect 0 "$cairn" backup src
expect 0 "$cairn" diff latest~1 latest
says out "M  src/dir/changed"
says out "+  src/new"
says out "-  src/gone"
silent out kept
says out "1 added, 1 removed"
expect 0 "$cairn" diff latest~1:src/dir latest:src/dir
[ "$(head -n 1 out)" = "M  src/dir/changed" ] || fail "not just one change: $(cat out)"
expect 0 "$cairn" diff latest latest
says out "No difference."
expect 0 "$cairn" diff latest~1 latest --json
python3 -c 'import json, sys
lines = [json.loads(line) for line in open("out")]
assert lines[-1]["message_type"] == "summary" and lines[-1]["added"] == 1 and lines[-1]["removed"] == 1, lines
assert {"added", "removed", "changed"} == {l["change"] for l in lines[:-1]}, lines'
expect 1 "$cairn" diff latest:nothing latest:src
says err "nothing"
expect 2 "$cairn" diff latest
