# Sourced after setup.sh by the scenarios that need Redis: real servers, what to put into them, how to compare.
#
#   start_redis [OPTION...]   options of redis-server; sets `port`, `url`, `redis_dir`, `server`.  Several may run at once: each call
#                             sets these to the one started last.  Set redis_program before it for another program (valkey-server).
#   stop_redis                the one started last, without saving
#   r [-n DB] WORDS...        redis-cli against it
#   load_redis                every type, three databases, two function libraries, odd names
#   dump_all                  every key with its database, expiry and value's digest, sorted
# shellcheck shell=sh disable=SC2034,SC2154
redis_program=redis-server
for tool in "$redis_program" redis-cli redis-check-rdb python3; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
unset REDISCLI_AUTH CAIRN_REDIS_PASSWORD CAIRN_REDIS_USER
redis_servers='' redis_number=0

stop_servers() {
  for server in $redis_servers; do
    if kill -KILL "$server" 2>/dev/null; then wait "$server" 2>/dev/null || true; fi
  done
  redis_servers=''
}
trap 'stop_servers; chmod -R u+rwX "$work" 2>/dev/null || true; rm -rf "$work"' EXIT

start_redis() {
  redis_number=$((redis_number + 1))
  redis_dir=$work/redis$redis_number
  mkdir -p "$redis_dir"
  for _ in 1 2 3; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    (cd "$redis_dir" && exec "$redis_program" --port "$port" --bind 127.0.0.1 --save '' --enable-debug-command yes --dir "$redis_dir" "$@") \
      >"$redis_dir/log" 2>&1 </dev/null &
    server=$!
    redis_servers="$redis_servers $server"
    for _ in $(seq 100); do
      if redis-cli -p "$port" ping 2>/dev/null | grep -qE 'PONG|NOAUTH|LOADING'; then
        url=redis://127.0.0.1:$port
        return 0
      fi
      kill -0 "$server" 2>/dev/null || break
      sleep 0.1
    done
  done
  cat "$redis_dir/log"
  fail "$redis_program does not start"
}

stop_redis() {
  kill -KILL "$server"
  wait "$server" 2>/dev/null || true
}

r() { redis-cli -p "$port" "$@"; }

load_redis() {
  python3 - "$port" <<'PYTHON'
import socket, sys
server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
reader = server.makefile("rb")
def reply():
    line = reader.readline()
    kind, rest = line[:1], line[1:-2]
    if kind == b"-": sys.exit("redis: " + rest.decode())
    if kind == b"$":
        size = int(rest)
        return None if size < 0 else reader.read(size + 2)[:-2]
    if kind == b"*": return [reply() for _ in range(max(int(rest), 0))]
    return rest
def do(*words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    server.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
    return reply()
for db in (0, 1, 12):
    do("SELECT", db)
    for i in range(500):
        do("SET", f"session:{i:04}", f"user {i} of database {db} " + "abcdef" * (i % 40))
    do("SET", "number", 12345); do("SET", "small", -7); do("SET", "large", 2**40)
    do("SET", "expires", "soon", "PXAT", 4102444800123)
    do("SET", b"", "the empty name"); do("SET", b"a/b", "slash"); do("SET", b"\x00\xff%\n.", b"\x00\x01\xff"); do("SET", ".hidden", "dot")
    do("SET", "long", "0123456789" * 30000)
    do("SET", b"n" * 3000, "a long name")
    do("RPUSH", "list", *range(20)); do("RPUSH", "long list", *["item %d %s" % (i, "x" * (i % 90)) for i in range(3000)])
    do("SADD", "ints", *range(100)); do("SADD", "set", "a", "b", "c"); do("SADD", "big set", *["member %d" % i for i in range(2000)])
    do("ZADD", "zset", 1.5, "one", "-inf", "least", "+inf", "most"); do("ZADD", "big zset", *sum(([i / 7, f"z{i}"] for i in range(800)), []))
    do("HSET", "hash", "f", "v", "g", "w"); do("HSET", "big hash", *sum(([f"field {i}", f"value {i}"] for i in range(1500)), []))
    for i in range(300): do("XADD", "stream", f"{1000 + i}-{i % 3}", "n", i, "text", "x" * (i % 50))
    do("XDEL", "stream", "1001-1", "1100-1"); do("XGROUP", "CREATE", "stream", "workers", "0"); do("XGROUP", "CREATE", "stream", "idle", "$")
    do("XREADGROUP", "GROUP", "workers", "alpha", "COUNT", 20, "STREAMS", "stream", ">")
    do("XREADGROUP", "GROUP", "workers", "beta", "COUNT", 5, "STREAMS", "stream", ">")
    do("XACK", "stream", "workers", "1000-0", "1003-0")
    do("PFADD", "visitors", *range(1000)); do("SETBIT", "bits", 10000, 1); do("GEOADD", "places", 13.4, 52.5, "here")
for library in ("one", "two"):
    do("FUNCTION", "LOAD", f"#!lua name={library}\nredis.register_function('f_{library}', function(keys, args) return '{library}' end)")
PYTHON
}

# DEBUG DIGEST-VALUE is the same for the same value, whatever order a set or a hash is kept in.
dump_all() {
  python3 - "$port" <<'PYTHON'
import socket, sys
server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
reader = server.makefile("rb")
def reply():
    line = reader.readline()
    kind, rest = line[:1], line[1:-2]
    if kind == b"-": sys.exit("redis: " + rest.decode())
    if kind == b"$":
        size = int(rest)
        return None if size < 0 else reader.read(size + 2)[:-2]
    if kind == b"*": return [reply() for _ in range(max(int(rest), 0))]
    return rest
def do(*words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    server.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
    return reply()
lines = []
for db in range(16):
    do("SELECT", db)
    for key in do("KEYS", "*"):
        kind = do("TYPE", key)
        digest = do("XINFO", "STREAM", key, "FULL") if kind == b"stream" else b""
        if digest:   # but for when a consumer was last seen
            digest = str([[v for k, v in zip(x[::2], x[1::2])] if isinstance(x, list) else x for x in digest[:12]])
        value = do("DEBUG", "DIGEST-VALUE", key)
        if kind == b"zset":   # servers write the same number in different ways, also for their digest
            scores = do("ZRANGE", key, 0, -1, "WITHSCORES")
            value = [(member, float(score)) for member, score in zip(scores[::2], scores[1::2])]
        lines.append(repr((db, key, kind, do("PEXPIRETIME", key), value, digest)))
lines += sorted(repr(x) for x in do("FUNCTION", "LIST", "WITHCODE"))
print("\n".join(sorted(lines)))
PYTHON
}

# component FIELD: of the newest snapshot's component "cache".
component() {
  "$cairn" snapshots --json | tail -n 1 | python3 -c '
import json, sys
one = [c for c in json.load(sys.stdin)["component_details"] if c["name"] == "cache"][0]
for key in sys.argv[1].split("/"): one = one[key]
print(one)' "$1"
}
# bytes_new: of the backup whose --json output is in the file out.
bytes_new() { python3 -c 'import json; print([json.loads(line) for line in open("out")][-1]["bytes_new"])'; }
