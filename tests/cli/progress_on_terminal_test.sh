#!/bin/sh
# Progress is drawn on a terminal only, and its lines are gone in the end.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
slow="db=exec:'head -c 3000000 /dev/urandom; sleep 2'"
script -qec "'$cairn' backup $slow" typescript >/dev/null </dev/null
grep -q "MiB" typescript || fail "nothing drawn"
grep -q "$(printf '\033')\[[12]A" typescript || fail "not redrawn"
script -qec "'$cairn' -q backup $slow" typescript >/dev/null </dev/null
! grep -q "$(printf '\033')" typescript || fail "-q draws"
sh -c "'$cairn' backup $slow" >out 2>err
[ ! -s err ] || fail "progress without a terminal: $(cat err)"
sh -c "'$cairn' --json backup $slow" >out 2>err
python3 -c '
import json, sys
status = [json.loads(l) for l in open("err")]
assert status and status[0]["message_type"] == "status" and "bytes_done" in status[0], status
assert [json.loads(l)["message_type"] for l in open("out")] == ["summary"]'
