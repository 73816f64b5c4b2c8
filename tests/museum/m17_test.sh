#!/bin/sh
# M17 (duplicacy #98, #212, #323): a prune during a backup took the files of the running backup for litter.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir data garbage
head -c 200000 /dev/urandom >data/1
head -c 300000 /dev/urandom >garbage/1
expect 0 "$cairn" backup garbage --json
expect 0 "$cairn" forget "$(new_id)"
packs >before
for call in 'renameat2 index/' 'renameat2 snapshots/'; do
  head -c 200000 /dev/urandom >data/2
  stop_at 1 "$call" "$cairn" backup data --json
  packs >during
  comm -13 before during >its
  [ -s its ] || fail "no packs of the backup at $call"
  expect 0 elsewhere "$cairn" prune
  for pack in $(cat its); do [ -e "$pack" ] || fail "$pack of a running backup is gone"; done
  go_on 0
  whole latest data
  packs >before
done
expect 0 elsewhere "$cairn" prune
[ "$(pack_bytes)" -lt 900000 ] || fail "what was forgotten is still there"
expect 0 elsewhere "$cairn" check --read-data
