# Sourced after setup.sh by the scenarios that need PostgreSQL: real servers, what to put into them, how to compare.
#
#   start_postgres [VERSION [PASSWORD]]   VERSION: 15 (Debian's) or what scripts/postgres-versions.sh fetched; without PASSWORD
#                                         everybody is trusted.  Several may run at once.  Sets `url` and PGHOST, PGPORT, PGUSER,
#                                         PGPASSFILE to those of the last one started.
#   load_traps                            tests/fixtures/postgres_traps.sql
#   run_sql URL [PSQL-OPTION...]          psql without the user's settings that stops at the first error
#   query URL SQL                         its rows, columns separated by |
#   compare_databases URL URL             both hold the same objects and rows
#   need_server VERSION                   skips the scenario where it isn't there
#   need_client                           likewise pg_dump 17; sets `client` to the folder of pg_dump and pg_restore
# shellcheck shell=sh disable=SC2034,SC2154
tools=${CAIRN_TEST_POSTGRES:-/usr/lib/postgresql/15/bin}
for tool in "$tools/postgres" "$tools/pg_dumpall" setpriv python3; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
PATH=$tools:$PATH
fetched=${XDG_CACHE_HOME:-$(getent passwd "$(id -u)" | cut -d : -f 6)/.cache}/cairn-tests/postgres
unset PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS PGSSLMODE PGCLIENTENCODING PGHOSTADDR PGPASSFILE
servers='' pg_number=0

# A server that isn't asked to stop goes when this shell does, so nothing is left running by a killed scenario.
stop_servers() {
  for server in $servers; do
    if kill -QUIT "$server" 2>/dev/null; then wait "$server" 2>/dev/null || true; fi
  done
  servers=''
}
trap 'stop_servers; chmod -R u+rwX "$work" 2>/dev/null || true; rm -rf "$work"' EXIT

# PostgreSQL refuses to run as root.
as_server() {
  if [ "$(id -u)" -eq 0 ]; then set -- --reuid=postgres --regid=postgres --init-groups "$@"; fi
  exec setpriv --pdeathsig QUIT "$@"
}

need_server() { [ "$1" = 15 ] || [ -x "$fetched/$1/bin/postgres" ] || skip "no PostgreSQL $1: run scripts/postgres-versions.sh"; }

need_client() {
  client=$fetched/client-17/bin
  [ -x "$client/pg_dump" ] || skip "no pg_dump 17: run scripts/postgres-versions.sh"
}

start_postgres() {
  pg_version=${1:-15} pg_password=${2:-}
  need_server "$pg_version"
  pg_number=$((pg_number + 1))
  pg_dir=$work/pg$pg_version.$pg_number
  mkdir "$pg_dir"
  chmod a+x "$work"
  pg_bin=$tools
  if [ "$pg_version" != 15 ]; then
    # The user postgres may not enter where they were fetched to.
    cp -al "$fetched/$pg_version" "$pg_dir/server" 2>/dev/null || cp -a "$fetched/$pg_version" "$pg_dir/server"
    pg_bin=$pg_dir/server/bin
  fi
  echo "$pg_password" >"$pg_dir/password"
  if [ "$(id -u)" -eq 0 ]; then chown postgres "$pg_dir" "$pg_dir/password"; fi
  if [ -n "$pg_password" ]; then pg_auth=scram-sha-256; else pg_auth=trust; fi
  (cd "$pg_dir" && as_server "$pg_bin/initdb" -D data -U postgres -E UTF8 --locale=C --no-sync -A $pg_auth --pwfile=password) \
    >"$pg_dir/initdb.log" 2>&1 || { cat "$pg_dir/initdb.log"; fail "initdb of PostgreSQL $pg_version"; }
  for _ in 1 2 3; do
    if serve; then break; fi
  done
  pg_isready -q || { cat "$pg_dir/log"; fail "PostgreSQL $pg_version does not start"; }
}

# Listens on a port that was free a moment ago; fails when it is no more.  autovacuum would move rows between two dumps.
serve() {
  export PGHOST=127.0.0.1 PGUSER=postgres PGPASSFILE="$work/pgpass"
  PGPORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  export PGPORT
  (cd "$pg_dir" && as_server "$pg_bin/postgres" -D data -p "$PGPORT" -k "$pg_dir" -c listen_addresses=127.0.0.1 -c fsync=off \
    -c full_page_writes=off -c shared_buffers=64MB -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off \
    -c timezone=UTC -c log_timezone=UTC) >"$pg_dir/log" 2>&1 </dev/null &
  server=$!
  servers="$servers $server"
  quoted=$(python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$pg_password")
  url=postgresql://postgres${quoted:+:$quoted}@127.0.0.1:$PGPORT
  (umask 077 && echo "127.0.0.1:$PGPORT:*:postgres:$pg_password" >>"$PGPASSFILE")
  until pg_isready -q; do
    kill -0 "$server" 2>/dev/null || return 1
    sleep 0.05
  done
}

run_sql() {
  sql_url=$1
  shift
  psql -X -q -v ON_ERROR_STOP=1 -d "$sql_url" "$@" </dev/null
}
query() { run_sql "$1" -A -t -c "$2"; }

load_traps() { run_sql "$url/postgres" -f "$top/tests/fixtures/postgres_traps.sql" >load.out 2>&1 || { cat load.out >&2; fail "traps"; }; }

# All databases that a dump of the whole server holds, and the tables of one of them.
databases_of() { query "$1/postgres" "SELECT datname FROM pg_database WHERE datallowconn AND datname <> 'template1' ORDER BY 1"; }

# A relation's name as the path of its part without .sql or .copy: SCHEMA/TABLE, escaped as ingest/parts/names.h has it.
escaped() { printf '%s' "regexp_replace(replace(replace(replace($1, '%', '%25'), '/', '%2F'), chr(10), '%0A'), '^[.]', '%2E')"; }
part_name="$(escaped nspname) || '/' || $(escaped relname)"

# parts_in URL [CONDITION]: those names of a database's relations; CONDITION on columns of pg_class, else tables with rows of their own.
parts_in() {
  query "$1" "SELECT $part_name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE ${2:-relkind = 'r'}
    AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY ($part_name) COLLATE \"C\""
}

# rows_of URL [SCHEMA/TABLE]: every row of every table of a database or of one, in an order of their own; works with any version.
# Partitions count as one table: by hash of an enum, rows go to other ones on another server.
rows_of() {
  psql -X -q -v ON_ERROR_STOP=1 -A -t -d "$1" <<SQL
SET search_path = '';
SELECT format('SELECT %L', c.oid::regclass), format('COPY (SELECT * FROM %s %s AS t ORDER BY t::text COLLATE "C") TO STDOUT',
       CASE relkind WHEN 'p' THEN '' ELSE 'ONLY' END, c.oid::regclass)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p', 'm') AND nspname !~ '^pg_' AND nspname <> 'information_schema' AND
  CASE WHEN '${2-}' = '' THEN NOT relispartition ELSE ${part_name} = '${2-}' END
ORDER BY c.oid::regclass::text COLLATE "C" \gexec
SQL
}

# objects_of URL: all definitions and large objects, without what differs between two dumps of the same.
objects_of() { pg_dump --schema-only --blobs -d "$1" | grep -v -e '^--' -e '^\\restrict' -e '^\\unrestrict'; }

compare_databases() {
  rows_of "$1" >rows.1
  rows_of "$2" >rows.2
  diff -u rows.1 rows.2 >rows.diff || { head -40 rows.diff >&2; fail "other rows in $2 than in $1"; }
  [ "$(query "$2" 'SHOW server_version_num')" -lt 160000 ] || return 0   # newer than our pg_dump
  objects_of "$1" >objects.1
  objects_of "$2" >objects.2
  diff -u objects.1 objects.2 >objects.diff || { head -40 objects.diff >&2; fail "other objects in $2 than in $1"; }
}

# sends CODE FILE OPTION...: backs the file up through a pipe, as component db; as expect in setup.sh.
sends() {
  wanted=$1 file=$2 status=0
  shift 2
  "$cairn" backup - --stdin-name db "$@" <"$file" >out 2>err || status=$?
  [ "$status" -eq "$wanted" ] || { cat out err >&2; fail "exit code $status, not $wanted, for $file $*"; }
}
came_back() { "$cairn" cat latest:db | cmp - "$1" || fail "$1 comes back otherwise"; }

# component FIELD: of the first component of the newest snapshot, as `snapshots --json` tells it; summary FIELD: of the summary in out.
field() { python3 -c 'import functools, json, sys; print(functools.reduce(lambda o, k: o[int(k) if k.isdigit() else k], sys.argv[1:], json.loads(sys.stdin.read())))' "$@"; }
component() { "$cairn" snapshots --json | tail -n 1 | field component_details 0 "$@"; }
summary() { tail -n 1 out | field "$@"; }
