#!/bin/sh
# Valkey as the source and as the target, and between it and Redis.
. "$(dirname "$0")/setup.sh"
home=$(getent passwd "$(id -u)" | cut -d : -f 6)
valkey=${CAIRN_TEST_VALKEY:-${XDG_CACHE_HOME:-$home/.cache}/cairn-tests/valkey/bin}
[ -x "$valkey/valkey-server" ] || skip "no Valkey: run scripts/valkey.sh"
. "$top/tests/cli/redis.sh"
redis_program=$valkey/valkey-server
start_redis
load_redis
dump_all >everything
expect 0 "$cairn" init
expect 0 "$cairn" backup cache=valkey://127.0.0.1:"$port"
[ "$(component kind)/$(component completeness)/$(component properties/rdb.version)" = redis/complete/11 ] || fail "$(component properties)"
"$cairn" cat latest:cache >live.rdb
"$valkey/valkey-check-rdb" live.rdb >checked || { cat checked; fail "valkey-check-rdb"; }
start_redis
expect 0 "$cairn" restore latest:cache --to "$url"
dump_all | cmp - everything || fail "another Valkey holds something else"

# Redis 7.0 is older than some of the forms: nothing is written, and the way out is told.
redis_program=redis-server
start_redis
expect 1 "$cairn" restore latest:cache --to "$url"
says err "--logical"
[ -z "$(r info keyspace | grep keys=)" ] || fail "something was written"
expect 0 "$cairn" restore latest:cache --to "$url" --logical
digests() { python3 -c 'import sys
for line in sys.stdin:
    if line.startswith("("): print(eval(line, {"inf": float("inf")})[:5])'; }
dump_all | digests >logical
digests <everything >digested
cmp digested logical || { diff digested logical | head -4; fail "Redis holds other values"; }
# And what Redis 7.0 saves goes into Valkey as it is.
dump_all >in_redis
expect 0 "$cairn" backup cache="$url"
redis_program=$valkey/valkey-server
start_redis
expect 0 "$cairn" restore latest:cache --to "$url"
dump_all | digests >back
digests <in_redis | cmp - back || fail "Valkey holds other values"
