#!/bin/sh
# A running server as the source: with the least rights, without SYNC, and when it goes wrong.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/redis.sh"
start_redis
load_redis
r acl setuser backup on '>s3cret/word' -@all +sync +replconf >/dev/null
r acl setuser scanner on '>scan' '~*' -@all +scan +dump +pttl +pexpiretime +select +info +time +function >/dev/null
r acl setuser nobody on '>none' -@all >/dev/null
expect 0 "$cairn" init
dump_all >expected

expect 0 "$cairn" backup cache=redis://backup:s3cret%2Fword@127.0.0.1:"$port"
silent err "warning"
[ "$(component kind)/$(component completeness)" = redis/complete ] || fail "kind and completeness"
"$cairn" snapshots --json >out
silent out s3cret
"$cairn" cat latest:cache >live.rdb
redis-check-rdb live.rdb >checked || { cat checked; fail "redis-check-rdb"; }
CAIRN_REDIS_PASSWORD=s3cret/word expect 0 "$cairn" backup redis://backup@127.0.0.1:"$port"
expect 0 "$cairn" ls latest:redis/1

# What came is what there was.
expect 0 "$cairn" backup cache="$url"
mkdir target
"$cairn" cat latest:cache >target/dump.rdb
was=$port was_url=$url was_server=$server
start_redis --dbfilename dump.rdb --dir "$work/target"
dump_all | cmp - expected || fail "another server with the saved file holds something else"
stop_redis
port=$was url=$was_url server=$was_server

# Without the right to SYNC: key by key, and it is said.
expect 0 "$cairn" backup cache=redis://scanner:scan@127.0.0.1:"$port"
says err "one instant"
"$cairn" cat latest:cache >scanned.rdb
redis-check-rdb scanned.rdb >checked || { cat checked; fail "redis-check-rdb of what SCAN gave"; }
expect 0 "$cairn" diff latest~1 latest
says out "No difference."
expect 0 "$cairn" backup cache=redis://127.0.0.1:"$port"/12
expect 0 "$cairn" ls latest:cache/12/session:0001
expect 1 "$cairn" ls latest:cache/0

# What must not be recorded.
count=$(snapshot_count)
expect 12 "$cairn" backup cache=redis://backup:wrong@127.0.0.1:"$port"
silent err wrong@
expect 1 "$cairn" backup cache=redis://nobody:none@127.0.0.1:"$port"
says err "right"
expect 1 "$cairn" backup cache=redis://127.0.0.1:1
says err "127.0.0.1:1"
expect 2 "$cairn" backup 'cache=redis://u:p@host:port'
silent err "u:p"
# It dies while it saves.
r config set rdb-key-save-delay 3000 >/dev/null
"$cairn" backup cache="$url" >out 2>err &
backup=$!
wait_for sh -c "redis-cli -p $port info persistence | grep -q rdb_bgsave_in_progress:1"
stop_redis
status=0
wait $backup || status=$?
[ $status -eq 1 ] || { cat out err; fail "exit code $status when the server dies"; }
[ "$(snapshot_count)" = "$count" ] || fail "something was recorded"
