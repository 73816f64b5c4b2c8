#!/bin/sh
# Damage is named, with whom it hurts; exit code 1; nothing is changed.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src
head -c 3000000 /dev/urandom >src/file
expect 0 "$cairn" backup src
echo small >other
expect 0 "$cairn" backup other
expect 0 "$cairn" check
says out "No damage"
expect 0 "$cairn" check --read-data=50%
expect 2 "$cairn" check --read-data=0
expect 2 "$cairn" check --read-data=200

largest=$(find repository/packs -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
cp -p "$largest" kept
chmod u+w "$largest"
printf 'XXXX' | dd of="$largest" bs=1 seek=1000000 conv=notrunc status=none
expect 1 "$cairn" check --read-data
says out "${largest#repository/}"
says out "src/file"
expect 1 "$cairn" check --read-data --json
python3 -c '
import json, sys
lines = [json.loads(l) for l in sys.stdin]
damage = [l for l in lines if l["message_type"] == "damage"]
assert damage and damage[0]["victims"][0]["path"].startswith("src"), lines
assert lines[-1]["damaged"], lines' <out
rm -f "$largest"
expect 1 "$cairn" check
says out missing
cp -p kept "$largest"
expect 0 "$cairn" check --read-data
