#!/bin/sh
# diff names the keys that came, went, changed and expire otherwise.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/redis.sh"
start_redis
load_redis
expect 0 "$cairn" init
r save >/dev/null
cp "$redis_dir/dump.rdb" one.rdb
expect 0 "$cairn" backup cache=one.rdb
r set new 1 >/dev/null
r del session:0100 >/dev/null
r set session:0200 "another value" >/dev/null
r -n 12 hset 'big hash' 'field 700' changed >/dev/null
r pexpireat session:0300 4102444800999 >/dev/null
r set number 12346 >/dev/null
r del set >/dev/null
r set set text >/dev/null
r save >/dev/null
expect 0 "$cairn" backup cache="$redis_dir/dump.rdb"
expect 0 "$cairn" diff latest~1 latest
cat >expected <<'EOF'
+  cache/0/new
M  cache/0/number
-  cache/0/session:0100
M  cache/0/session:0200
M  cache/0/session:0300  (expiry)
M  cache/0/set
M  cache/12/big hash
1 added, 1 removed, 5 changed
EOF
cmp out expected || { diff out expected >&2 || true; fail "diff"; }
expect 0 "$cairn" diff latest~1:cache/12 latest:cache/12
says out '1 changed'
expect 0 "$cairn" diff --json latest~1:cache/0/session:0300 latest:cache/0/session:0300
says out '"expiry":true'
# A restart alone is no difference.
stop_redis
start_redis --dbfilename dump.rdb --dir "$work/redis1"
r debug reload >/dev/null
expect 0 "$cairn" backup cache="$work/redis1/dump.rdb"
expect 0 "$cairn" diff latest~1 latest
says out 'No difference.'
