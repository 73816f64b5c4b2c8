#!/bin/sh
# What is inside of documents and RDB files is mounted as files.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/redis.sh"
. "$top/tests/cli/mount.sh"
expect 0 "$cairn" init
cat >app.json <<'END'
{"version": 3, "users": [{"name": "alice", "n": 1.50}, {"name": "bob/c"}], "settings": {"theme": {"dark": true}}, "empty": []}
END
start_redis
load_redis
r save >/dev/null
cp "$redis_dir/dump.rdb" dump.rdb
expect 0 "$cairn" backup app.json cache=dump.rdb
mount_here
parts_are_mounted 37
[ "$(wc -l <found)" -gt 1500 ] || fail "few files: $(wc -l <found)"
[ "$(cat "$mnt/latest/app.json/users/alice.json")" = '{"name": "alice", "n": 1.50}' ] || fail "an element"
original_is_mounted app.json app.json/document.json
original_is_mounted dump.rdb cache/dump.rdb
unmount_here
