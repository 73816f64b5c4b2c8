#!/bin/sh
# An RDB file comes back byte for byte, its keys are what the server holds, and a restart costs next to nothing.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/redis.sh"
start_redis
load_redis
r save >/dev/null
cp "$redis_dir/dump.rdb" dump.rdb
expect 0 "$cairn" init
expect 0 "$cairn" backup cache=dump.rdb
says out "cache: 3 databases, 1,569 keys, 2 function libraries"
[ $(($(r dbsize) + $(r -n 1 dbsize) + $(r -n 12 dbsize))) = 1569 ] || fail "other keys in the server"
"$cairn" cat latest:cache | cmp - dump.rdb || fail "not what was saved"
"$cairn" cat latest:cache/dump.rdb | cmp - dump.rdb || fail "not what was saved, as dump.rdb"
[ "$(component kind)/$(component completeness)/$(component properties/server.version)" = "redis/complete/$(r info server | sed -n 's/^redis_version:\([0-9.]*\).*/\1/p')" ] ||
  fail "kind, completeness, version: $(component kind) $(component completeness) $(component properties)"
[ "$(component properties/databases)" = "$(printf '0\n1\n12')" ] || fail "databases: $(component properties/databases)"
expect 0 "$cairn" restore latest --target back --verify
cmp back/cache/dump.rdb dump.rdb || fail "not restored as it was"
expect 0 "$cairn" check --read-data

# Every key of the server is there under its name, and is its DUMP.
"$cairn" ls latest:cache/1 | sort >listed
[ "$(wc -l <listed)" = "$(r -n 1 dbsize)" ] || fail "keys listed"
for name in 'session:0042' number small large expires % 'a%2Fb' '%00'"$(printf '\377')"'%25%0A.' '%2Ehidden' long list 'long list' ints set zset 'big zset' hash stream visitors bits; do
  grep -qxF "cache/1/$name" listed || fail "$name isn't listed: $(cat listed)"
done
for key in session:0007 number small large expires long list 'long list' ints zset 'big zset' hash stream visitors; do
  r -n 1 --no-raw dump "$key" >expected
  "$cairn" cat "latest:cache/1/$key" >value
  python3 - value expected <<'PYTHON' || fail "the payload of $key"
import sys
value, shown = open(sys.argv[1], "rb").read(), open(sys.argv[2]).read().rstrip("\n")
expected = eval("b" + shown.replace("\\v", "\\x0b"))
sys.exit(value != expected)
PYTHON
done
"$cairn" ls -l latest:cache/0/expires >out
says out "(key, string, expires 2100-01-01 00:00"
"$cairn" ls -l "latest:cache/0/big hash" >out
says out "(key, hash)"
"$cairn" ls --json latest:cache/0/expires >out
says out '"part_type":"string"'
says out '"expires":"2100-01-01T00:00:00.123000000'
"$cairn" cat latest:cache/functions/one.lua >out
says out "#!lua name=one"
[ "$("$cairn" cat latest:cache/0/a/b | od -c)" = "$("$cairn" cat latest:cache/0/a%2Fb | od -c)" ] || fail "a key's name as it is"
expect 1 "$cairn" cat latest:cache/0/nosuch
says err "is not in the snapshot"

# Every restart shuffles a file; sorted it is the same again.
stop_redis
start_redis --dbfilename dump.rdb --dir "$work/redis1"
r debug reload >/dev/null
cp "$work/redis1/dump.rdb" again.rdb
! cmp -s dump.rdb again.rdb || fail "the restart didn't shuffle the file"
expect 0 "$cairn" backup --json cache=again.rdb
[ $(($(bytes_new) * 20)) -lt "$(stat -c %s again.rdb)" ] || fail "$(bytes_new) of $(stat -c %s again.rdb) bytes are new"
"$cairn" cat latest:cache | cmp - again.rdb || fail "the shuffled one doesn't come back"

# From a command and from standard input too; raw is raw.
expect 0 "$cairn" backup --command cache -- cat dump.rdb
"$cairn" cat latest:cache | cmp - dump.rdb || fail "of a command"
"$cairn" backup -q - --stdin-name cache <dump.rdb
[ "$(component completeness)" = complete ] || fail "its end says that it is whole"
"$cairn" cat latest:cache | cmp - dump.rdb || fail "of standard input"
expect 0 "$cairn" backup --format raw cache=dump.rdb
expect 2 "$cairn" ls latest:cache/0
"$cairn" cat latest:cache | cmp - dump.rdb || fail "raw"
expect 0 "$cairn" backup --format redis --command cache -- echo hello
says err "doesn't begin like an RDB file"
