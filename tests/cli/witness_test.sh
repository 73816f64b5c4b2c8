#!/bin/sh
# The code that a backup prints is found again by check --expect, on whatever machine; what check found whole is noted, once.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
echo one >file
expect 0 "$cairn" backup file
code=$(sed -n 's/^Witness: //p' out)
echo "$code" | grep -qE '^([0-9a-z]{4}-){3}[0-9a-z]{4}$' || fail "no code: $code"
cp -a repository before
echo two >file
expect 0 "$cairn" --json backup file
second=$(python3 -c 'import json,sys; print(json.loads(sys.stdin.readlines()[-1])["witness"])' <out)
"$cairn" --json snapshots >list
says list "$code"
says list "$second"
export CAIRN_CACHE_DIR="$work/elsewhere"
expect 0 "$cairn" check --expect "$code" --expect "$second"
says out "$code"
expect 0 "$cairn" check --expect "$(echo "$second" | tr a-z- A-Z\ )"
rm -rf repository "$CAIRN_CACHE_DIR"
cp -a before repository
expect 0 "$cairn" check --expect "$code"
expect 1 "$cairn" check --expect "$code" --expect "$second"
says out "doesn't have the state this code was given for: $second"
expect 1 "$cairn" --json check --expect "$second"
says out '"damaged":true'
for bad in "" abcd "$code-0" iiii-llll-oooo-uuuu; do
  expect 2 "$cairn" check --expect "$bad"
done

notes() { find repository/notes -type f | wc -l; }
[ "$(notes)" -eq 1 ] || fail "not one note: $(notes)"
expect 0 "$cairn" check
[ "$(notes)" -eq 1 ] || fail "the same was noted again"
expect 0 "$cairn" check --read-data
[ "$(notes)" -eq 2 ] || fail "that all data was read wasn't noted"
expect 0 "$cairn" check
[ "$(notes)" -eq 2 ] || fail "less was noted than known"
"$cairn" --json snapshots >list
silent list '"verified":null'
