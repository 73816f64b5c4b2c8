#!/bin/sh
# Files over all snapshots: versions with their snapshots, narrowed in every way, as JSON; and the history of one.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir -p src/dir
echo one >src/dir/app.conf
head -c 20000 /dev/zero >src/big.bin
touch -d 2020-01-01 src/big.bin
expect 0 "$cairn" backup src --tag old
echo second >src/dir/app.conf
expect 0 "$cairn" backup src
rm src/dir/app.conf
expect 0 "$cairn" backup src

expect 0 "$cairn" find '*.conf'
[ "$(wc -l <out)" -eq 2 ] || fail "not two versions: $(cat out)"
says out "    1  src/dir/app.conf"
expect 0 "$cairn" find '*.conf' --all
one=$(head -n 1 out)
expect 0 "$cairn" cat "$one"
says out one
expect 0 "$cairn" find -l --size +10K
says out "-rw-r--r--        20000 2020-01-01 00:00:00  src/big.bin"
silent out app.conf
expect 0 "$cairn" find '*' --older 2021-01-01 --type f
[ "$(wc -l <out)" -eq 1 ] || fail "not one: $(cat out)"
says out "    3  src/big.bin"
expect 0 "$cairn" find 'APP*' -i --tag old
[ "$(wc -l <out)" -eq 1 ] || fail "not one: $(cat out)"
expect 0 "$cairn" find app.conf --snapshot latest
says out "Nothing found in 1 snapshot."
expect 0 "$cairn" find app.conf --json
python3 -c 'import json
lines = [json.loads(line) for line in open("out")]
assert [l["size"] for l in lines[:-1]] == [4, 7] and lines[0]["path"] == "src/dir/app.conf", lines
assert lines[-1] == {"message_type": "summary", "matches": 2, "paths": 1, "snapshots": 3, "failed": 0}, lines'
for wrong in "" "--size x" "--type z a" "--newer soon a" "[a"; do
  # shellcheck disable=SC2086
  expect 2 "$cairn" find $wrong
done

expect 0 "$cairn" history src/dir/app.conf
[ "$(grep -c -e appeared -e changed -e vanished out)" -eq 3 ] || fail "not three steps: $(cat out)"
expect 0 "$cairn" history src/dir/app.conf --json
python3 -c 'import json
lines = [json.loads(line) for line in open("out")]
assert [l.get("change") for l in lines] == ["appeared", "changed", "vanished", None] and lines[1]["content_changed"], lines'
expect 1 "$cairn" history src/nothing
says err "is in none of the 3 snapshots"
