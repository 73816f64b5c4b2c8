#!/bin/sh
# M02 (rustic, restic #2715): a writer is frozen in the middle, seems dead, others forget what it rests on and prune; then it wakes
# up.  Its snapshot is whole, or there is none that looks good and it says so.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir data other
head -c 200000 /dev/urandom >other/1
expect 0 "$cairn" backup other
for call in 'renameat2 packs/' 'renameat2 index/' 'renameat2 snapshots/' 'fsync snapshots'; do
  head -c 300000 /dev/urandom >data/1
  expect 0 "$cairn" backup data --json
  parent=$(new_id)
  head -c 100000 /dev/urandom >data/2
  stop_at 1 "$call" "$cairn" backup data --json
  age_leases
  before=$(pack_bytes)
  expect 0 elsewhere "$cairn" forget "$parent"
  expect 0 elsewhere "$cairn" prune
  [ "$call" = 'fsync snapshots' ] || [ "$(pack_bytes)" -lt "$before" ] || fail "the prune deleted nothing"
  go_on 0 1 11
  # Whatever is shown as good is good: this one if it was called saved, and every other.
  good=$(elsewhere "$cairn" snapshots --json | grep -v '"late":true' | sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p')
  if [ "$status" -eq 0 ]; then
    saved=$(sed -n 's/.*"snapshot_id":"\([0-9a-f]*\)".*/\1/p' stopped.out)
    case "$good" in *"$saved"*) ;; *) fail "was called saved after the stop at $call, and isn't there" ;; esac
  fi
  for id in $good; do
    elsewhere "$cairn" restore "$id" --target "good-$id" >out 2>err || { cat out err >&2; fail "a hole in $id after the stop at $call"; }
    [ ! -e "good-$id/data" ] || diff -r data "good-$id/data" || fail "not what went in after the stop at $call"
    rm -rf "good-$id"
  done
  expect 0 "$cairn" backup data --json
  again=$(new_id)
  whole "$again" data
  for id in $(elsewhere "$cairn" snapshots --json | sed -n 's/.*"id":"\([0-9a-f]*\)".*"components":\["data"\].*/\1/p'); do
    expect 0 "$cairn" forget "$id"
  done
  expect 0 "$cairn" prune
  expect 0 elsewhere "$cairn" check --read-data
done
