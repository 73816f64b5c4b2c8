#!/bin/sh
# A live server is a source: the parts of a dump, from one moment, and a password that nobody sees.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
secret="can""ary/ @;'x"
start_postgres 15 "$secret"
load_traps
expect 0 "$cairn" init
# What its children are given: their arguments, and their environment.
mkdir bin
cat >bin/pg_dump <<'END'
#!/bin/sh
printf '%s\n' "$@" >>"$SEEN"
tr '\0' '\n' </proc/$$/environ >>"$SEEN"
exec "$TOOLS/$(basename "$0")" "$@"
END
cp bin/pg_dump bin/pg_dumpall
chmod +x bin/*
export SEEN="$work/seen" TOOLS="$tools" CAIRN_PG_DUMP="$work/bin/pg_dump"
expect 0 "$cairn" backup "db=$url"
says seen authentik
silent seen 'can''ary'
silent out 'can''ary'
silent err 'can''ary'
[ "$(component kind)/$(component completeness)" = postgres/complete ] || fail "kind and completeness"
"$cairn" ls -R latest:db | grep -v /dump >live
pg_dumpall --exclude-database=template1 >dump.sql
"$cairn" backup -q db=dump.sql
"$cairn" ls -R latest:db | grep -v /dump | diff - live || fail "other parts than a dump has"
for table in app.big app.no_rows app.nothing public.authentik_core_user; do
  part=$(echo "$table" | tr . /).copy
  "$cairn" cat "latest~1:db/authentik/$part" >rows
  "$cairn" cat "latest:db/authentik/$part" | cmp - rows || fail "other rows in $table"
done
"$cairn" snapshots --json >out
silent out 'can''ary'

expect 0 "$cairn" backup "db=$url" --exclude-database 'We"ird db' --exclude-database postgres
expect 0 "$cairn" ls latest:db
says out db/authentik
silent out We
silent out db/postgres
expect 0 "$cairn" backup "$url/authentik"   # called after its database
expect 0 "$cairn" ls latest:authentik/authentik/app
says out app/big.copy
before=$(snapshot_count)
expect 1 "$cairn" backup "db=postgresql://postgres:wrong@127.0.0.1:$PGPORT"
says err 'password authentication failed'
expect 1 "$cairn" backup "db=$url/nosuch"
says err nosuch
expect 1 "$cairn" backup db=postgresql://127.0.0.1:1
[ "$(snapshot_count)" -eq "$before" ] || fail "recorded all the same"
! grep -rq 'can''ary' repository cache || fail "the password is stored"
# Whoever may read all rows, but not the passwords, saves all but the passwords.
run_sql "$url/postgres" -c "CREATE ROLE backup LOGIN PASSWORD 'b' IN ROLE authentik"
expect 0 "$cairn" backup "db=postgresql://backup:b@127.0.0.1:$PGPORT"
"$cairn" cat latest:db/globals.sql >globals.sql
says globals.sql 'CREATE ROLE authentik'
silent globals.sql SCRAM
says err password
