#!/bin/sh
# Rules keep, everything else is forgotten; a dry run tells beforehand what then happens; some stay whatever is asked for.
. "$(dirname "$0")/setup.sh"
mkdir src
expect 0 "$cairn" init
for i in 1 2 3 4 5; do
  echo "$i" >src/file
  expect 0 "$cairn" backup src --tag "n$i"
done
ids() { "$cairn" snapshots --json | sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p'; }
ids >before
id() { sed -n "$1p" before; }

# Without a rule, with one that makes no sense: nothing happens.
expect 2 "$cairn" forget
says err "--preset standard"
for words in "--keep-last 0" "--keep-within soon" "--keep db" "--preset strict" "--group-by size" "--keep-last 1 latest"; do
  # shellcheck disable=SC2086
  expect 2 "$cairn" forget $words
done
[ "$(snapshot_count)" -eq 5 ] || fail "a usage error forgot something"

# A tag that nobody has doesn't remove all.
expect 0 "$cairn" forget --keep-tag typo -n
says out "Would forget 4 snapshots, would keep 1."
says out "newest of its group"
[ "$(snapshot_count)" -eq 5 ] || fail "a dry run forgot something"

expect 0 "$cairn" tag --protect "$(id 1)"
expect 0 "$cairn" snapshots
says out protected
expect 0 "$cairn" --json forget --keep-last 2 --keep-tag n3 --dry-run
cp out dry
expect 0 "$cairn" --json forget --keep-last 2 --keep-tag n3
sed 's/"dry_run":true/"dry_run":false/' dry | cmp - out || fail "the dry run told something else"
tail -n 1 out >summary
says summary '"forgotten":1,"reduced":0,"kept":4'
grep "$(id 1)" out >line
says line '"reasons":["protected"]'
grep "$(id 3)" out >line
says line '"action":"keep","reasons":["tag n3"]'
ids >after
[ "$(cat after)" = "$(id 1; id 3; id 4; id 5)" ] || fail "others are left: $(cat after)"
expect 0 "$cairn" check

# By name: unless protected, even the last one.
expect 2 "$cairn" forget "$(id 3)" "$(id 1)"
says err "cairn tag --unprotect"
[ "$(snapshot_count)" -eq 4 ] || fail "one of two was forgotten"
expect 0 "$cairn" forget "$(id 3)" latest
says out "Forgot 2 snapshots"
says out "cairn prune"
expect 0 "$cairn" tag --unprotect "$(id 1)"
expect 0 "$cairn" -q forget "$(id 1)" "$(id 4)"
[ ! -s out ] || fail "-q says something"
[ "$(snapshot_count)" -eq 0 ] || fail "something is left"
expect 0 "$cairn" check
