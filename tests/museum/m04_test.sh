#!/bin/sh
# M04 (rustic #392): a pack that holds the same bytes over and over was judged unused.  64 MiB of zeros, twice.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
for _ in 1 2; do
  head -c 67108864 /dev/zero | "$cairn" backup --stdin-name zeros --json - >out 2>err || fail "$(cat err)"
  last=$(new_id)
done
first=$("$cairn" snapshots --json | sed -n '1s/.*"id":"\([0-9a-f]*\)".*/\1/p')
[ "$first" != "$last" ] || fail "one snapshot only"
expect 0 "$cairn" prune
expect 0 "$cairn" forget "$first"
expect 0 "$cairn" prune
head -c 67108864 /dev/zero >wanted
elsewhere "$cairn" cat "$last:zeros" | cmp - wanted || fail "not what went in"
expect 0 elsewhere "$cairn" check --read-data
