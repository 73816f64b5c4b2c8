#!/bin/sh
# M11 (borg #9868, #9877): two writers bring the same new data at once, so it is there twice; later maintenance stumbled over it for
# ever.  Here one copy goes with the next prune.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir data
head -c 500000 /dev/urandom >data/1
stop_at 1 'renameat2 packs/' "$cairn" backup data --json
expect 0 elsewhere "$cairn" backup data --json
second=$(new_id)
go_on 0
first=$(sed -n 's/.*"snapshot_id":"\([0-9a-f]*\)".*/\1/p' stopped.out)
[ "$(pack_bytes)" -gt 1000000 ] || fail "it isn't there twice: this test shows nothing"
expect 0 "$cairn" prune
[ "$(pack_bytes)" -lt 600000 ] || fail "both copies are still there"
expect 0 elsewhere "$cairn" prune
whole "$first" data
whole "$second" data
expect 0 elsewhere "$cairn" check --read-data
