#!/bin/sh
# M10 (borg #9748): killed after deleting, before writing down what is left; the next backup of the same data found all of it
# "there", and backup and restore succeeded with holes.  Killed here at every deletion and every new name.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir data garbage
head -c 200000 /dev/urandom >data/1
head -c 300000 /dev/urandom >garbage/1
expect 0 "$cairn" backup data
for call in unlink renameat2; do
  k=0 ended=137
  while [ "$ended" -eq 137 ]; do
    k=$((k + 1)) ended=0
    expect 0 "$cairn" backup garbage --json
    expect 0 "$cairn" forget "$(new_id)"
    LD_PRELOAD="$shim" CAIRN_SHIM_ROOT="$CAIRN_REPOSITORY" CAIRN_SHIM_MATCH=$call CAIRN_SHIM_AT=$k CAIRN_SHIM_ACTION=kill \
      "$cairn" prune >out 2>err || ended=$?
    expect 0 "$cairn" backup garbage --json
    again=$(new_id)
    whole "$again" garbage
    expect 0 elsewhere "$cairn" check --read-data
    expect 0 "$cairn" forget "$again"
    age_leases
    expect 0 "$cairn" prune
  done
  [ "$ended" -eq 0 ] || fail "exit code $ended"
  [ "$k" -gt 2 ] || fail "prune made no $call that could be seen"
done
whole latest data
