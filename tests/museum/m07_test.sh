#!/bin/sh
# M07 (kopia #1087): two maintenance jobs in containers of one host name and one process number took themselves for one.
. "$(dirname "$0")/setup.sh"
alone=
if unshare --pid --fork true 2>/dev/null; then alone="unshare --pid --fork"; else echo "no process numbers of their own here" >&2; fi
expect 0 "$cairn" init
mkdir data garbage
head -c 200000 /dev/urandom >data/1
expect 0 "$cairn" backup data --json
kept=$(new_id)
for _ in 1 2 3; do
  head -c 300000 /dev/urandom >garbage/1
  expect 0 "$cairn" backup garbage --json
  expect 0 "$cairn" forget "$(new_id)"
  jobs=
  for number in 1 2; do
    CAIRN_CACHE_DIR="$work/cache$number" $alone "$cairn" prune >"out$number" 2>"err$number" &
    jobs="$jobs $!"
  done
  for job in $jobs; do
    status=0
    wait "$job" || status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 11 ] || fail "exit code $status: $(cat err1 err2)"
  done
done
expect 0 "$cairn" prune
[ "$(pack_bytes)" -lt 300000 ] || fail "what was forgotten is still there"
whole "$kept" data
expect 0 elsewhere "$cairn" check --read-data
