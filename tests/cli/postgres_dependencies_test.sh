#!/bin/sh
# --with-dependencies: a part comes with the types, functions, sequences and tables that it needs, in an order that works.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
start_postgres
load_traps
expect 0 "$cairn" init
pg_dump --create authentik | "$cairn" backup -q - --stdin-name db
objects="SELECT n.nspname || '.' || relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p', 'v', 'm') AND n.nspname IN ('app', 'public') ORDER BY 1"

# comes PART EXPECTED-RELATION...: into an empty database, with those and no others.
comes() {
  part=$1
  shift
  run_sql "$url/postgres" -c 'DROP DATABASE IF EXISTS scratch' -c 'CREATE DATABASE scratch TEMPLATE template0' 2>/dev/null
  expect 0 "$cairn" restore --with-dependencies "latest:db/authentik/$part" --to "$url/scratch"
  query "$url/scratch" "$objects" >found
  printf '%s\n' "$@" | cmp - found || fail "$part comes with $(cat found)"
  rows_of "$url/authentik" "$part" >expected
  rows_of "$url/scratch" "$part" | cmp - expected || fail "other rows in $part"
}
comes app/big app.big
comes app/typed app.typed                            # an enum, a domain, a composite and a range type, an extension
comes app/generated app.generated                    # a function in a default
comes app/child app.child app.parent
comes public/authentik_core_group public.authentik_core_group public.authentik_core_user    # each refers to the other
[ "$(query "$url/scratch" "SELECT count(*) FROM pg_constraint WHERE contype = 'f'")" = 3 ] || fail "foreign keys are missing"
comes app/part app.part app.part_2024 app.part_2025 app.part_2025_odd app.part_rest
comes app/feelings app.feelings app.feelings_0 app.feelings_1
comes app/w app.v app.w public.authentik_core_group public.authentik_core_user
comes app/mv app.mv public.authentik_core_group public.authentik_core_user

# Without a server likewise: one file that can be loaded.
expect 0 "$cairn" restore --with-dependencies latest:db/authentik/public/authentik_core_group --target out.d
run_sql "$url/postgres" -c 'CREATE DATABASE by_file TEMPLATE template0'
cat out.d/*.sql | psql -X -q -v ON_ERROR_STOP=1 -d "$url/by_file" >load.out 2>&1 || fail "what was written does not load: $(cat load.out)"
[ "$(query "$url/by_file" "SELECT count(*) FROM pg_constraint WHERE contype = 'f'")" = 3 ] || fail "foreign keys are missing"
[ "$(query "$url/by_file" "SELECT count(*) FROM public.authentik_core_user")" = 8 ] || fail "rows are missing"
[ ! -e PWNED ] || fail "a name ran a command"
