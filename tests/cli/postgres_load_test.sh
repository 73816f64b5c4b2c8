#!/bin/sh
# While others write, a backup is of one moment: what pgbench moves about still adds up.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres
run_sql "$url/postgres" -c 'CREATE DATABASE bench'
pgbench -i -q -s 4 bench >/dev/null 2>&1
expect 0 "$cairn" init
pgbench -n -c 4 -j 2 -T 3600 bench >/dev/null 2>&1 &
load=$!   # until it is killed, or the server stops: a sanitized cairn may take minutes
history() { query "$url/bench" 'SELECT count(*) FROM pgbench_history'; }
moves() { [ "$(history)" -gt "$((before + 200))" ]; }

# sum TABLE COLUMN: of a snapshot's rows.
sum() { "$cairn" cat "latest:db/bench/public/$1.copy" | awk -F '\t' -v column="$2" '{ sum += $column } END { printf "%d", sum }'; }
for round in 1 2 3; do
  before=$(history)
  wait_for moves
  if [ $round = 3 ]; then expect 0 "$cairn" backup --command db -- pg_dumpall; else expect 0 "$cairn" backup "db=$url"; fi
  kill -0 "$load" || fail "pgbench has ended"
  sums="$(sum pgbench_accounts 3) $(sum pgbench_tellers 3) $(sum pgbench_branches 2) $(sum pgbench_history 4)"
  [ "$(echo "$sums" | tr ' ' '\n' | sort -u | wc -l)" = 1 ] || fail "of several moments: $sums"
  [ "$("$cairn" cat latest:db/bench/public/pgbench_accounts.copy | wc -l)" = 400000 ] || fail "accounts are missing"
  [ "$("$cairn" cat latest:db/bench/public/pgbench_history.copy | wc -l)" -gt "$before" ] || fail "of an earlier moment"
done
kill "$load"
wait "$load" || true
