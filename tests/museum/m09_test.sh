#!/bin/sh
# M09 (kopia #675): something that a snapshot needs is missing.  A prune then knows too little to delete anything.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir data garbage
head -c 200000 /dev/urandom >data/1
head -c 300000 /dev/urandom >garbage/1
: >before
expect 0 "$cairn" backup data
packs >after
expect 0 "$cairn" backup garbage --json
expect 0 "$cairn" forget "$(new_id)"
for pack in $(comm -13 before after); do
  mv "$pack" away
  packs >before-prune
  status=0
  elsewhere "$cairn" prune >out 2>err || status=$?
  [ "$status" -ne 0 ] || fail "a prune with $pack gone is content"
  says err "nothing was deleted"
  packs | cmp - before-prune || fail "a prune that knew too little deleted something"
  mv away "$pack"
done
expect 0 elsewhere "$cairn" prune
[ "$(pack_bytes)" -lt 300000 ] || fail "what was forgotten is still there"
expect 0 elsewhere "$cairn" check --read-data
