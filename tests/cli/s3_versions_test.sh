#!/bin/sh
# Servers that can do less than others: one without locks, one that ignores conditions in a bucket with versions.
. "$(dirname "$0")/setup.sh"
[ -n "${CAIRN_TEST_S3:-}" ] || skip "no S3 server (CAIRN_TEST_S3); tests/s3/rgw.sh starts one"
export AWS_ACCESS_KEY_ID=access AWS_SECRET_ACCESS_KEY=secret
mkdir tree
echo content >tree/file
# A server that knows no locks would take one for the object's new content: it isn't asked.
mkfifo end
python3 "$top/tests/s3/fault_server.py" 1 0 <end >port &
exec 3>end
wait_for test -s port
without="s3://cairn/x?endpoint=http://127.0.0.1:$(cat port)"
expect 0 "$cairn" -r "$without" init
expect 2 "$cairn" -r "$without" backup tree --retention-lock 1d
says err "doesn't know Object Lock"
expect 0 "$cairn" -r "$without" check
exec 3>&-

# Ceph ignores If-None-Match once a bucket keeps versions: what was found out before counts no longer.
bucket() {
  python3 -c 'import sys; sys.path.insert(0, sys.argv[1]); import sigv4; sys.exit(sigv4.request(*sys.argv[2:6], sys.argv[6].encode())[0] != 200)' \
    "$top/tests/s3" "$CAIRN_TEST_S3" PUT "/later-$$" "$@"
}
bucket "" ""
export CAIRN_REPOSITORY="s3://later-$$/x?endpoint=$CAIRN_TEST_S3" CAIRN_CACHE_DIR="$work/later"
expect 0 "$cairn" init
grep -qx yes later/s3/*.conditional
bucket versioning= '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
expect 0 "$cairn" backup tree
grep -qx no later/s3/*.conditional || fail "it still relies on If-None-Match: $(cat later/s3/*.conditional)"
expect 0 "$cairn" check --read-data
