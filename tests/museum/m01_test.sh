#!/bin/sh
# M01 (Proxmox Backup PSA-2025-00019-1): a prune has listed the snapshots; a backup is made from a parent, the parent is forgotten,
# and the prune goes on with its old list.  What the child shares with the parent must stay.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir data garbage
for i in 1 2 3; do head -c 100000 /dev/urandom >data/$i; done
head -c 300000 /dev/urandom >garbage/1
for call in 'renameat2 gc/' 'unlink packs/'; do
  expect 0 "$cairn" backup garbage --json
  garbage=$(new_id)
  expect 0 "$cairn" backup data --json
  parent=$(new_id)
  expect 0 "$cairn" forget "$garbage"
  stop_at 1 "$call" "$cairn" prune
  echo more >>data/1
  expect 0 elsewhere "$cairn" backup data --json
  child=$(new_id)
  expect 0 elsewhere "$cairn" forget "$parent"
  go_on 0
  whole "$child" data
  expect 0 elsewhere "$cairn" check --read-data
  expect 0 "$cairn" prune
  whole "$child" data
done
