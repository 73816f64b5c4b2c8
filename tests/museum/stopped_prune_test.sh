#!/bin/sh
# A prune is stopped for a long time, before it condemns, before it declares anybody dead, before it deletes, while others back up
# the very data it is about to delete, and prune.  Nothing is lost when it goes on.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir data garbage
head -c 200000 /dev/urandom >data/1
head -c 300000 /dev/urandom >garbage/1
expect 0 "$cairn" backup data --json
kept=$(new_id)
for call in 'renameat2 leases/' 'renameat2 gc/' 'fsync gc' 'unlink index/' 'unlink packs/' 'fsync packs/'; do
  expect 0 "$cairn" backup garbage --json
  expect 0 "$cairn" forget "$(new_id)"
  stop_at 1 "$call" "$cairn" prune
  age_leases
  expect 0 elsewhere "$cairn" backup garbage --json
  again=$(new_id)
  expect 0 elsewhere "$cairn" prune
  expect 0 elsewhere "$cairn" backup garbage --json
  once_more=$(new_id)
  go_on 0 11
  for id in "$again" "$once_more"; do
    whole "$id" garbage
  done
  whole "$kept" data
  expect 0 elsewhere "$cairn" check --read-data
  expect 0 "$cairn" forget "$again" "$once_more"
  expect 0 "$cairn" prune
  whole "$kept" data
done
