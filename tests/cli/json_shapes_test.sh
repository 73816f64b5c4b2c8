#!/bin/sh
# Every command speaks one JSON object a line; the fields people rely on are there.
. "$(dirname "$0")/setup.sh"
mkdir src
echo content >src/file
printf x >"$(printf 'src/\377')"
line() { tail -n 1 out | python3 -c "import json,sys; o = json.loads(sys.stdin.read()); assert $1, o"; }
every() { python3 -c "import json,sys; [json.loads(l) for l in sys.stdin.buffer.read().decode().splitlines()]" <"$1"; }

expect 0 "$cairn" init --json
line 'len(o["repository_id"]) == 64'
expect 0 "$cairn" --json backup src --tag nightly
every out
line 'o["message_type"] == "summary" and o["files_new"] == 2 and o["bytes_read"] == 9 and o["tags"] == ["nightly"]'
line 'len(o["snapshot_id"]) == 64 and o["components"] == ["src"] and o["errors"] == 0'
line 'o["bytes_stored"] > 0 and o["duration_s"] > 0 and o["files_changed"] == o["files_unmodified"] == 0'
expect 3 "$cairn" --json backup src nowhere
every err
line 'o["errors"] == 1 and o["incomplete"]'
expect 0 "$cairn" --json snapshots
every out
line 'len(o["id"]) == 64 and o["host"] and o["tags"] == [] and o["components"] == ["src"]'
line '__import__("datetime").datetime.fromisoformat(o["time"][:26] + o["time"][29:]).tzinfo'
expect 0 "$cairn" --json ls -R latest
every out
line 'o["path_base64"] == "c3JjL/8=" and o["type"] == "file" and o["size"] == 1 and o["mode"] & 0o400'
for command in stats "stats latest" check "check --read-data" version "restore latest --target r"; do
  # shellcheck disable=SC2086
  expect 0 "$cairn" --json $command
  every out
  [ ! -s err ] || fail "$command: $(cat err)"
done
expect 1 "$cairn" --json ls latest:nope
[ ! -s out ] && tail -n 1 err | python3 -c 'import json,sys; o = json.loads(sys.stdin.read()); assert o["exit_code"] == 1, o'
