#!/bin/sh
# Each component of one line of snapshots is kept at its own pace; what is left of a snapshot can be restored.
. "$(dirname "$0")/setup.sh"
mkdir media
expect 0 "$cairn" init
for i in 1 2 3 4; do
  echo "media $i" >media/file
  echo "db $i" >db
  expect 0 "$cairn" backup media db --tag nightly
done
first=$("$cairn" snapshots --json | sed -n '1s/.*"id":"\([0-9a-f]*\)".*/\1/p')
second=$("$cairn" snapshots --json | sed -n '2s/.*"id":"\([0-9a-f]*\)".*/\1/p')
expect 0 "$cairn" tag --protect --add release "$first"

expect 0 "$cairn" forget --keep db:last=3 --keep media:last=1 -n
says out "keep db"
says out "media: no rule keeps it"
says out "Would forget 0 snapshots, would reduce 2, would keep 2."
expect 0 "$cairn" --json forget --keep db:last=3 --keep media:last=1
tail -n 1 out >summary
says summary '"reduced":2'
says summary "\"$second\":\""
[ "$(snapshot_count)" -eq 4 ] || fail "not 4 snapshots"
expect 0 "$cairn" ls latest~1
says out db
silent out media
expect 0 "$cairn" cat latest~2:db
says out "db 2"
expect 1 "$cairn" ls "$second"
expect 0 "$cairn" restore latest~1 --target r
[ "$(cat r/db)" = "db 3" ] && [ ! -e r/media ] || fail "the reduced snapshot came back otherwise"
expect 0 "$cairn" snapshots --tag nightly
says out "4 snapshots"
# The protected one and the newest are whole.
expect 0 "$cairn" cat "$first:media/file"
says out "media 1"
expect 0 "$cairn" cat latest:media/file
says out "media 4"
expect 0 "$cairn" check --read-data
# Again: nothing more to do.  Then a general rule for what has none of its own.
expect 0 "$cairn" --json forget --keep db:last=3 --keep media:last=1
tail -n 1 out >summary
says summary '"forgotten":0,"reduced":0,"kept":4'
expect 0 "$cairn" --json forget --keep db:last=2 --keep-last 1
tail -n 1 out >summary
says summary '"forgotten":1,"reduced":0,"kept":3'
# The next backup goes on as if nothing had happened.
expect 0 "$cairn" --json backup media db
says out '"files_unmodified":2'
expect 0 "$cairn" check
