#!/bin/sh
# A file that breaks off or is damaged is marked incomplete and comes back as it was; what is unknown is saved with a warning.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/redis.sh"
start_redis
load_redis
r save >/dev/null
whole=$redis_dir/dump.rdb
size=$(stat -c %s "$whole")
expect 0 "$cairn" init
for keep in 20 1000 $((size / 2)) $((size - 9)) $((size - 1)); do
  head -c "$keep" "$whole" >cut.rdb
  expect 3 "$cairn" backup cache=cut.rdb
  says err "marked incomplete"
  [ "$(component completeness)" = incomplete ] || fail "completeness of $keep bytes"
  "$cairn" cat latest:cache | cmp - cut.rdb || fail "the first $keep bytes don't come back"
done
expect 0 "$cairn" cat latest:cache/0/session:0042
# A changed byte within a value: only the checksum tells.
python3 - "$whole" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
at = data.index(b"user 3 of database")
data[at] = ord("U")
open("damaged.rdb", "wb").write(data)
PYTHON
expect 3 "$cairn" backup cache=damaged.rdb
says err "checksum"
"$cairn" cat latest:cache | cmp - damaged.rdb || fail "the damaged one doesn't come back"
# Redis 9999 knows things that we don't.
{ printf 'REDIS0099'; tail -c +10 "$whole"; } >newer.rdb
expect 0 "$cairn" backup cache=newer.rdb
says err "warning"
"$cairn" cat latest:cache | cmp - newer.rdb || fail "a newer one doesn't come back"
# A type in the middle that nobody knows.
python3 - "$whole" <<'PYTHON'
import sys
data = open(sys.argv[1], "rb").read()
at = data.index(b"\xfe\x01")   # the second database begins
open("unknown.rdb", "wb").write(data[:at] + b"\x63\x01k\x01v" + data[at:-8] + bytes(8))   # no checksum
PYTHON
expect 0 "$cairn" backup cache=unknown.rdb
says err "warning"
"$cairn" cat latest:cache | cmp - unknown.rdb || fail "one with an unknown type doesn't come back"
expect 0 "$cairn" cat latest:cache/0/session:0042
expect 1 "$cairn" cat latest:cache/1/session:0042
# A command that fails is nothing, whatever it wrote.
count=$(snapshot_count)
expect 1 "$cairn" backup cache=exec:"cat $whole; exit 3"
[ "$(snapshot_count)" = "$count" ] || fail "a failed command was recorded"
expect 0 "$cairn" check --read-data
