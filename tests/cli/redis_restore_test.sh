#!/bin/sh
# Keys go back into a server: all of them, or those that are meant; or into an RDB file.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/redis.sh"
start_redis
load_redis
dump_all >everything
expect 0 "$cairn" init
expect 0 "$cairn" backup cache="$url"
start_redis
dump_all >nothing

expect 0 "$cairn" restore latest:cache --to "$url" --dry-run
cat out err | grep -q "cache/0/session:0001" || fail "a dry run lists nothing: $(head -3 out err)"
dump_all | cmp - nothing || fail "a dry run wrote something"
expect 0 "$cairn" restore latest:cache --to "$url"
says out "and 2 function libraries"
dump_all | cmp - everything || fail "the server holds something else: $(dump_all | diff - everything | head -5)"

# What is there stays, unless it shall be replaced.
r set session:0001 changed >/dev/null
expect 1 "$cairn" restore latest:cache/0 --to "$url"
says out "that are there already"
[ "$(r get session:0001)" = changed ] || fail "replaced without being asked"
expect 0 "$cairn" restore latest:cache/0/session:0001 --to "$url" --replace
dump_all | cmp - everything || fail "--replace"

r flushall >/dev/null
expect 0 "$cairn" restore latest:cache --to "$url" --key 'session:00?[12]' --key 'big *' --db 12
[ "$(r dbsize)/$(r -n 1 dbsize)/$(r -n 12 dbsize)" = 0/0/23 ] || fail "selection: $(r info keyspace)"
r flushall >/dev/null
expect 0 "$cairn" restore latest:cache --to "$url/5" --db 1 --type hash --json
says out '"keys":2'
[ "$(r -n 5 dbsize)" = 2 ] || fail "into database 5"
r flushall >/dev/null
r function flush >/dev/null
expect 0 "$cairn" restore latest:cache --to "$url" --logical
dump_all | grep -v 'register_function' >logical
grep -v 'register_function' everything | cmp - logical || fail "--logical: $(grep -v register_function everything | diff - logical | head -5)"
expect 1 "$cairn" restore latest:cache --to "$url" --key 'nosuch*'
expect 1 "$cairn" restore latest:cache/7 --to "$url"
expect 2 "$cairn" restore latest:cache --to "$url" --create
expect 2 "$cairn" restore latest:cache --target x --key 'a*'
expect 2 "$cairn" restore latest:cache --target redis://:canary@127.0.0.1
silent err canary
[ ! -e redis: ] || fail "a directory was made of a URL"
r config set maxmemory 1mb >/dev/null
expect 1 "$cairn" restore latest:cache --to "$url" --replace
r config set maxmemory 0 >/dev/null

# Into a file.
expect 0 "$cairn" restore latest:cache --to some.rdb --key 'session:*' --db 1
redis-check-rdb some.rdb >checked || { cat checked; fail "redis-check-rdb"; }
says checked "500 keys read"
expect 2 "$cairn" restore latest:cache --to some.rdb
says err "is there already"
expect 0 "$cairn" restore latest:cache --to some.rdb --replace
mkdir filled
cp some.rdb filled/dump.rdb
start_redis --dbfilename dump.rdb --dir "$work/filled"
dump_all | cmp - everything || fail "the file's server holds something else"
# What a file would be wrong for stays away.
expect 1 "$cairn" restore latest:cache --to nosuch/some.rdb
[ ! -e nosuch ] || fail "a directory was made"
[ -z "$(find . -maxdepth 1 -name '.*' -type f)" ] || fail "a temporary file is left"

# A server that is too old is told so before anything is written.
start_redis
python3 - <<'PYTHON'
body = b"REDIS0012" + b"\xfa\x09redis-ver\x057.4.0" + b"\xfe\x00" + b"\x00\x01a\x01b" + b"\x14\x01s\x0c\x0b\x00\x00\x00\x02\x00\x81x\x02\x81y\x02\xff"[:0]
open("seven4.rdb", "wb").write(body + b"\xff" + bytes(8))
PYTHON
expect 0 "$cairn" backup cache=seven4.rdb
expect 0 "$cairn" restore latest:cache --to "$url"
[ "$(r get a)" = b ] || fail "a value that the older server knows"
