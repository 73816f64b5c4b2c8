#!/bin/sh
# What isn't a dump is a stream as ever, whatever it looks like at first; --format says what to do about it.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres
load_traps
pg_dump authentik >dump.sql
expect 0 "$cairn" init

# stored KIND FILE OPTION...: what becomes of the file.
stored() {
  kind=$1
  shift
  sends 0 "$@"
  [ "$(component kind)" = "$kind" ] || fail "$1 is called $(component kind)"
  came_back "$1"
}
head -c 300000 /dev/urandom >random
printf -- '--\n-- PostgreSQL database dump\n' >beginning
(head -n 40 dump.sql && head -c 100000 /dev/urandom) >broken
sed 's/$/\r/' dump.sql >crlf
echo 'SELECT 1; -- no dump' >script.sql
: >nothing
stored postgres dump.sql
for file in random crlf script.sql nothing; do stored stream $file; done
stored stream dump.sql --format raw
expect 0 "$cairn" ls -R latest:db
printf 'db\n' | cmp - out || fail "raw has parts"
stored postgres dump.sql --format postgres
stored stream random --format postgres
says err "db"
# Cut right away; rubbish after a good beginning: no dump, so saved as it came, and it is told.
sends 3 beginning
stored stream broken
says err 'without parts'
expect 0 "$cairn" check --read-data
