#!/bin/sh
# --retention-lock in a real bucket with Object Lock: what snapshots need can't be deleted, and a backup comes back after an attack.
. "$(dirname "$0")/setup.sh"
[ -n "${CAIRN_TEST_S3:-}" ] || skip "no S3 server (CAIRN_TEST_S3); tests/s3/rgw.sh starts one"
prefix="locked-$$"
export CAIRN_REPOSITORY="s3://locked/$prefix?endpoint=$CAIRN_TEST_S3" AWS_ACCESS_KEY_ID=access AWS_SECRET_ACCESS_KEY=secret
locks() { python3 "$top/tests/s3/locks.py" "$CAIRN_TEST_S3" locked "$prefix" "$@"; }
mkdir -p tree
head -c 1000000 /dev/urandom >tree/big
expect 2 "$cairn" -r "$work/here" backup tree --retention-lock 30d
says err "repositories in S3"
expect 2 "$cairn" backup tree --retention-lock 30
expect 2 "$cairn" backup tree --retention-lock 11y
expect 0 "$cairn" init
expect 0 "$cairn" backup tree
expect 0 "$cairn" backup tree --retention-lock 2d
locks check 2 COMPLIANCE >first
# With the same time nothing is asked for old files; with a longer one all of them are locked anew.
expect 0 "$cairn" -v backup tree --retention-lock 2d
silent err LOCK
locks check 2 COMPLIANCE
echo more >tree/more
expect 0 "$cairn" backup tree --retention-lock 3d --json
grep -q '"extended":[1-9]' out || fail "nothing got a longer lock"
locks check 3 COMPLIANCE
# A machine that knows of no locks looks, leaves longer ones alone and weakens none; governance can become compliance.
CAIRN_CACHE_DIR="$work/cache2" expect 0 "$cairn" backup tree --retention-lock governance:1d
locks check 1 ANY
CAIRN_CACHE_DIR="$work/cache2" expect 0 "$cairn" backup tree --retention-lock 3d
locks check 3 COMPLIANCE
CAIRN_CACHE_DIR="$work/cache2" expect 0 "$cairn" backup tree --retention-lock governance:1d
AWS_ACCESS_KEY_ID=writer CAIRN_CACHE_DIR="$work/cache2" expect 3 "$cairn" backup tree --retention-lock 3d
says err "s3:BypassGovernanceRetention"
expect 0 "$cairn" backup tree --retention-lock 3d
# Who may only write also locks, when he may; else it is told before anything is written.
CAIRN_CACHE_DIR="$work/cache3" AWS_ACCESS_KEY_ID=writer expect 0 "$cairn" backup tree --retention-lock 3d
CAIRN_CACHE_DIR="$work/cache4" AWS_ACCESS_KEY_ID=documented expect 12 "$cairn" backup tree --retention-lock 5d
says err "s3:PutObjectRetention"
expect 0 "$cairn" -r "s3://cairn/$prefix?endpoint=$CAIRN_TEST_S3" init
expect 2 "$cairn" -r "s3://cairn/$prefix?endpoint=$CAIRN_TEST_S3" backup tree --retention-lock 1d
says err "has no Object Lock"

# A prune can't free what is locked, and says so.
head -c 3000000 /dev/urandom >gone
expect 0 "$cairn" backup gone --retention-lock 1d
expect 2 "$cairn" forget latest --retention-lock 3d
expect 0 "$cairn" forget latest --prune --retention-lock 3d
says out "Still there: "
locks check 3 COMPLIANCE
# Somebody with the credentials deletes all he can.
sleep 1
attacked=$(date -u +%Y-%m-%dT%H:%M:%S)
refused=$(locks attack)
[ "$refused" -ge 10 ] || fail "only $refused versions could not be deleted"
expect 10 "$cairn" snapshots
locks undelete "$attacked"
expect 0 "$cairn" check --read-data
expect 0 "$cairn" restore latest:tree --target back
cmp tree/big back/tree/big
