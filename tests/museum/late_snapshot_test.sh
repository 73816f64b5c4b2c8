#!/bin/sh
# A backup is stopped for a long time just before its snapshot gets its name, taken for dead, and what it uploaded is deleted.  When it
# goes on it doesn't say "saved", and what it left behind isn't shown as good: check says so, and forgetting it is all that is needed.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir data late
head -c 200000 /dev/urandom >data/1
head -c 300000 /dev/urandom >late/1
expect 0 "$cairn" backup data --json
kept=$(new_id)
stop_at 1 'renameat2 snapshots/' "$cairn" backup late --json
age_leases
expect 0 elsewhere "$cairn" prune
go_on 11
grep -q '"message":"a prune took this backup for dead' stopped.err || fail "the backup doesn't say what happened: $(cat stopped.out stopped.err)"
expect 0 elsewhere "$cairn" snapshots
late=$(sed -n 's/ .*late: run cairn check$//p' out)
[ -n "$late" ] || fail "no snapshot is shown as late: $(cat out)"
expect 1 elsewhere "$cairn" check
grep -q "^  hurts $late, all of it" out || fail "check doesn't say what is hurt: $(cat out)"
grep -q "^note: snapshot $late came too late: .*: cairn forget $late$" out || fail "check doesn't say what to do: $(cat out)"

# Nothing else suffers: backups, prunes, the other snapshot.
expect 0 "$cairn" backup late --json
again=$(new_id)
expect 0 "$cairn" prune
expect 0 "$cairn" forget "$late"
expect 0 "$cairn" prune
whole "$kept" data
whole "$again" late
expect 0 elsewhere "$cairn" check --read-data
