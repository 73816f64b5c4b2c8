#!/bin/sh
# A dump that breaks off is never called good: kept and marked when nobody can say why, not recorded when its command failed.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres
load_traps
pg_dumpall --clean --verbose >dump.sql 2>/dev/null
size=$(wc -c <dump.sql)
expect 0 "$cairn" init
# In the globals, a header, rows, a function; right before and within the last end marker.
for cut in 3000 20000 $((size / 2)) $((size - 2000)) $((size - 120)) $((size - 30)); do
  head -c "$cut" dump.sql >cut.sql
  sends 3 cut.sql
  [ "$(component kind)/$(component completeness)" = postgres/incomplete ] || fail "cut at $cut: $(component completeness)"
  came_back cut.sql
done
expect 0 "$cairn" snapshots
says out incomplete
# \restrict without \unrestrict; a database without its end.
grep -v '^\\unrestrict' dump.sql >restricted.sql
sends 3 restricted.sql
says err restrict
sed '0,/^-- PostgreSQL database dump complete/s///' dump.sql >endless.sql
sends 3 endless.sql

before=$(snapshot_count)
expect 1 "$cairn" backup --command db -- sh -c 'head -c 100000 dump.sql; exit 1'
expect 1 "$cairn" backup --command db -- pg_dump "$url/nosuch"
says err nosuch
expect 1 "$cairn" backup db=exec:'cat dump.sql; kill -9 $$'
# A pg_dump that loses its server in the midst of rows.
run_sql "$url/postgres" -c 'CREATE TABLE slow AS SELECT repeat(md5(g::text), 100) FROM generate_series(1, 100000) g'
ends="SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pg_dump' AND query LIKE 'COPY %'"
(until [ "$(query "$url/postgres" "$ends")" = t ]; do :; done) &
expect 1 "$cairn" backup --command db -- pg_dump postgres
wait $!
[ "$(snapshot_count)" -eq "$before" ] || fail "half a dump was recorded"
# A whole dump of a command that still failed at its end is none either; one that went well is.
expect 1 "$cairn" backup --command db -- sh -c 'cat dump.sql; exit 1'
expect 0 "$cairn" backup --command db -- cat dump.sql
[ "$(component completeness)" = complete ] || fail "complete: $(component completeness)"
