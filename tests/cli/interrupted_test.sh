#!/bin/sh
# Ctrl-C: exit code 130, nothing recorded, no child left; the next run works and check is content.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
head -c 20000000 /dev/urandom >big
for signal in INT TERM; do
  rm -f started
  # A shell lets its background processes ignore SIGINT; env takes that back.
  env --default-signal=INT "$cairn" backup big db=exec:'touch started; echo $$ >pid; exec sleep 100' 2>err &
  cairn_pid=$!
  wait_for test -s pid
  kill -$signal $cairn_pid
  status=0
  wait $cairn_pid || status=$?
  [ "$status" -eq 130 ] || fail "SIG$signal: exit code $status"
  says err "interrupted"
  ! kill -0 "$(cat pid)" 2>/dev/null || fail "SIG$signal: the command still runs"
  rm pid
  [ "$(snapshot_count)" -eq 0 ] || fail "a snapshot of an interrupted backup"
done
expect 0 "$cairn" check --read-data
expect 0 "$cairn" backup big
expect 0 "$cairn" check --read-data
"$cairn" cat latest:big | cmp - big || fail "not what went in"
