#!/bin/sh
# Wrong usage is exit code 2 with a hint; every command has help with an example.
. "$(dirname "$0")/setup.sh"
for words in "" "frobnicate" "--frob" "backup --frob" "ls" "ls a b" "cat" "restore" "snapshots x" "check x"; do
  # shellcheck disable=SC2086
  expect 2 "$cairn" $words
  { [ "$(wc -l <err)" -eq 1 ] && [ ! -s out ]; } || fail "'$words': $(cat out err)"
done
expect 2 "$cairn" --json frobnicate
python3 -c 'import json,sys; o = json.loads(sys.stdin.read()); assert o["code"] == "usage" and o["exit_code"] == 2, o' <err
expect 0 "$cairn" --help
grep -E '^  [a-z]+  ' out | awk '{print $1}' >commands
[ "$(wc -l <commands)" -ge 10 ] || fail "$(cat commands)"
while read -r command; do
  [ "$command" != cairn ] || continue
  expect 0 "$cairn" "$command" --help
  says out "Usage: cairn $command"
  says out "Example"
done <commands
