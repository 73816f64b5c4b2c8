#!/bin/sh
# The ways libpq finds a server: a socket, a service file, a password file, its environment.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres 15 'pass word'
run_sql "$url/postgres" -c 'CREATE TABLE t AS SELECT 1 AS a'
expect 0 "$cairn" init
socket=$(echo "$pg_dir" | sed 's|/|%2F|g')
printf '[there]\nhost=127.0.0.1\nport=%s\nuser=postgres\ndbname=postgres\npassword=pass word\n' "$PGPORT" >services
port=$PGPORT passwords=$PGPASSFILE
printf '*:*:*:postgres:pass word\n' >>"$passwords"

saved() {
  expect 0 "$cairn" backup "db=$1"
  [ "$("$cairn" cat latest:db/postgres/public/t.copy)" = 1 ] || fail "rows of $1"
}
saved "postgresql:///postgres"                                       # PGHOST, PGPORT, PGUSER, PGPASSFILE
saved "postgres:///?dbname=postgres"
unset PGHOST PGPORT PGUSER
saved "postgresql://postgres@$socket:$port/postgres"
saved "postgresql:///postgres?host=$pg_dir&port=$port&user=postgres&application_name=x"
saved "postgresql://postgres@127.0.0.1:$port/postgres?passfile=$passwords"
unset PGPASSFILE
export PGSERVICEFILE="$work/services"
saved "postgresql:///?service=there"
unset PGSERVICEFILE
PGPASSWORD='pass word' saved "postgresql://postgres@127.0.0.1:$port/postgres"
expect 1 "$cairn" backup "db=postgresql://postgres@127.0.0.1:$port/postgres"
says err password
expect 1 "$cairn" backup "db=postgresql://postgres:x@127.0.0.1:$port/postgres?sslmode=require"
says err SSL
expect 2 "$cairn" backup "db=postgresql://postgres@127.0.0.1:$port/postgres?nonsense=1"
