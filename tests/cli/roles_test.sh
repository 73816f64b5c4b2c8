#!/bin/sh
# What each role may do and what it may not, and that snapshots nobody vouches for are refused by name.
. "$(dirname "$0")/setup.sh"
mkdir src
echo content >src/file
head -c 300000 /dev/urandom >src/long
"$cairn" init -q
"$cairn" key add -q --role writer --label web1 --new-key-file writer
"$cairn" key add -q --role reader --label auditor --new-key-file reader
"$cairn" backup -q src
as() { role=$1 wanted=$2; shift 2; CAIRN_PASSWORD='' expect "$wanted" "$cairn" --key-file "$role" --cache-dir "cache-$role" "$@"; }

sleep 2.1  # else they could have changed since, within what a time stamp tells
as writer 0 --json backup src
tail -n 1 out | python3 -c 'import json,sys; o = json.loads(sys.stdin.read()); assert o["bytes_new"] == 0 and o["bytes_read"] > 0, o'
as writer 0 --json backup src
tail -n 1 out | python3 -c 'import json,sys; o = json.loads(sys.stdin.read()); assert o["bytes_read"] == 0 and o["files_unmodified"] == 2, o'
cp -r repository before
for command in snapshots "ls latest" "cat latest:src/file" "restore latest --target out-w" "diff latest~1 latest" check stats "check --read-data"; do
  # shellcheck disable=SC2086
  as writer 12 $command
  says err "this key may only write"
  [ ! -s out ] || fail "$command: $(cat out)"
done
[ ! -e out-w ] || fail "a writer restored"
for command in "snapshots" "ls latest" "cat latest:src/file" "restore latest --target out-r --verify" "diff latest~1 latest" "check --read-data" stats; do
  # shellcheck disable=SC2086
  as reader 0 $command
done
diff -r src out-r/src || fail "a reader's restore differs"
for command in "backup src" "backup -n src"; do
  # shellcheck disable=SC2086
  as reader 12 $command
  says err "this key may only read"
done
diff -r before repository || fail "something was written"

# Each snapshot is shown as its author's.
expect 0 "$cairn" snapshots
says out KEY
[ "$(grep -c web1 out)" -eq 2 ] || fail "the writer's are not its own: $(cat out)"
expect 0 "$cairn" snapshots --json
python3 -c 'import json; o = [json.loads(l) for l in open("out")]
assert [s["author_role"] for s in o] == ["owner", "writer", "writer"] and o[1]["author_label"] == "web1", o
assert o[1]["author"] == o[2]["author"] != o[0]["author"], o'

# Altered, under another name, of another repository.
one=$(find repository/snapshots -type f | sort | head -n 1)
refused() {
  for command in snapshots check; do
    expect 1 "$cairn" $command
    cat out err | grep -qF "$(basename "$1" | cut -c1-8)" || fail "$2 is not named by $command: $(cat out err)"
  done
  rm "$1"
}
bad() { echo "repository/snapshots/$(printf '%064d' "$1")"; }
cp "$one" "$(bad 1)"
refused "$(bad 1)" "a replayed one"
"$cairn" -r foreign init -q
"$cairn" -r foreign backup -q src
cp foreign/snapshots/* repository/snapshots
refused "repository/snapshots/$(ls foreign/snapshots)" "a foreign one"
cp "$one" kept
printf x | dd of="$one" bs=1 seek=300 conv=notrunc status=none
refused "$one" "an altered one"
cp kept "$one"
expect 0 "$cairn" snapshots
