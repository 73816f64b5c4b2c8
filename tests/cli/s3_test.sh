#!/bin/sh
# A repository in a real S3 server: everything as in a directory, with no more permissions than docs/s3.md says.  tests/s3/rgw.sh starts one.
. "$(dirname "$0")/setup.sh"
[ -n "${CAIRN_TEST_S3:-}" ] || skip "no S3 server (CAIRN_TEST_S3); tests/s3/rgw.sh starts one"
export CAIRN_REPOSITORY="s3://cairn/scenario-$$?endpoint=$CAIRN_TEST_S3" AWS_ACCESS_KEY_ID=access AWS_SECRET_ACCESS_KEY=secret
as() {   # as USER COMMAND...; "other": the owner at another machine
  user=$1
  shift
  [ "$user" != other ] || { env CAIRN_CACHE_DIR="$work/cache-other" "$@"; return; }
  env AWS_ACCESS_KEY_ID="$user" CAIRN_CACHE_DIR="$work/cache-$user" "$@"
}
expect 10 "$cairn" snapshots
AWS_SECRET_ACCESS_KEY=wrong expect 1 "$cairn" snapshots
says err "secret key"
expect 1 "$cairn" -r "s3://nowhere/x?endpoint=$CAIRN_TEST_S3" init
says err "bucket doesn't exist"
expect 2 "$cairn" -r "s3://cairn/x?endpoint=http://192.0.2.1" init
says err "insecure=yes"
expect 2 "$cairn" -r "s3://cairn/x?endpont=x" init
says err "endpoint=URL"
AWS_ACCESS_KEY_ID='' AWS_SECRET_ACCESS_KEY='' expect 2 "$cairn" snapshots
says err "no credentials"

expect 0 "$cairn" init
mkdir -p tree/deep
head -c 5000000 /dev/urandom >tree/big
seq 200000 >tree/deep/text
ln -s big tree/link
expect 0 "$cairn" backup tree --json
expect 0 "$cairn" -v backup tree
says err "requests to S3"
requests() { sed -n 's/^\([0-9]*\) requests to S3.*/\1/p' err; }
[ "$(requests)" -le 10 ] || fail "an unchanged backup takes $(requests) requests"
# What this machine has seen it doesn't read again: one list, and the key.
expect 0 "$cairn" -v snapshots   # looks at the key slots once more: whose each is
[ "$(requests)" -le 4 ] || fail "snapshots takes $(requests) requests"
for command in "ls -R latest" "find text" "ls latest:tree/deep"; do
  expect 0 "$cairn" -v $command
  [ "$(requests)" -le 2 ] || fail "$command takes $(requests) requests"
done
# Another machine reads it once; copies that are damaged, by whomever, once more.
expect 0 as other "$cairn" -v ls -R latest
[ "$(requests)" -gt 2 ] || fail "another machine knew it all"
expect 0 as other "$cairn" -v ls -R latest
[ "$(requests)" -le 2 ] || fail "the second ls of another machine takes $(requests) requests"
for copy in "$work"/cache-other/files/packs/*; do echo damaged >"$copy"; done
expect 0 as other "$cairn" ls -R latest
expect 0 "$cairn" check --read-data
expect 0 "$cairn" restore latest --target restored
diff -r --no-dereference tree restored/tree
began=$(date +%s)
expect 0 "$cairn" --limit-download 2M cat latest:tree/big
cmp out tree/big
[ $(($(date +%s) - began)) -ge 2 ] || fail "faster than its limit"

# Writers can't delete, readers can't write; each is told so.
echo more >tree/more
expect 0 as writer "$cairn" backup tree
expect 0 as reader "$cairn" restore latest --target out.reader
diff -r --no-dereference tree out.reader/tree
expect 0 as reader "$cairn" check --read-data
expect 1 as reader "$cairn" backup tree
says err "may not write"
head -c 3000000 /dev/urandom >gone
expect 0 "$cairn" backup gone
expect 0 as writer "$cairn" forget latest
expect 12 as writer "$cairn" prune
says err "may not delete"
expect 0 "$cairn" check --read-data
# The set of permissions that used to be documented for one bucket.
expect 0 as documented "$cairn" prune
expect 0 as documented "$cairn" backup tree
expect 0 as documented "$cairn" check --read-data

# Two writers and a pruner at once.
head -c 2000000 /dev/urandom >left
head -c 2000000 /dev/urandom >right
for side in left right; do
  (for _ in 1 2 3; do CAIRN_CACHE_DIR="$work/cache-$side" "$cairn" backup "$side" tree || exit 1; done) >"$side.log" 2>&1 &
done
for _ in 1 2; do
  expect 0 "$cairn" forget --keep-last 2 --prune
done
wait %1 || { cat left.log >&2; fail "the first writer failed"; }
wait %2 || { cat right.log >&2; fail "the second writer failed"; }
expect 0 "$cairn" check --read-data
"$cairn" cat latest:tree/more | cmp - tree/more
