#!/bin/sh
# A bucket as a source and as a target, in a real S3 server (tests/s3/rgw.sh starts one); an independent client says what is in it.
. "$(dirname "$0")/setup.sh"
[ -n "${CAIRN_TEST_S3:-}" ] || skip "no S3 server (CAIRN_TEST_S3); tests/s3/rgw.sh starts one"
export CAIRN_SOURCE_S3_ACCESS_KEY_ID=access CAIRN_SOURCE_S3_SECRET_ACCESS_KEY=secret CAIRN_SOURCE_S3_ENDPOINT="$CAIRN_TEST_S3"
export AWS_ACCESS_KEY_ID=somebody AWS_SECRET_ACCESS_KEY=else PYTHONDONTWRITEBYTECODE=1
objects() { python3 "$top/tests/s3/objects.py" "$CAIRN_TEST_S3" "$@"; }
from=source-$$ to=copy-$$
objects fill $from
head -c 40000000 /dev/urandom >big
objects put $from/deep/big big
objects many $from/many 5000
expect 0 "$cairn" init
expect 1 "$cairn" backup s3://nowhere/x
says err "bucket doesn't exist"
CAIRN_SOURCE_S3_SECRET_ACCESS_KEY=wrong expect 1 "$cairn" backup s3://cairn/$from
says err "secret key"
[ "$(snapshot_count)" -eq 0 ] || fail "something was recorded"

expect 0 "$cairn" backup --dry-run media=s3://cairn/$from
says out "5,022 new"
expect 0 "$cairn" backup media=s3://cairn/$from --json
says out '"files_new":5022'
expect 0 "$cairn" -v backup media=s3://cairn/$from
says out "5,022 unmodified"
says err " 0 GET, 0 HEAD, 6 LIST"
head -c 40000000 /dev/urandom >big2
objects put $from/deep/big big2
expect 0 "$cairn" backup media=s3://cairn/$from --json
says out '"files_changed":1,'
"$cairn" cat latest:media/deep/big | cmp - big2
"$cairn" cat latest~1:media/deep/big | cmp - big
expect 0 "$cairn" diff latest~1 latest
says out "media/deep/big"
expect 0 "$cairn" snapshots --json
says out '"kind":"bucket"'

CAIRN_SOURCE_S3_SECRET_ACCESS_KEY=wrong expect 1 "$cairn" restore latest:media --to s3://cairn/$to
says err "the rest was not tried"
# To another place: key by key, bytes and headers.
expect 0 "$cairn" restore latest:media --to s3://cairn/$to --verify
says out "Verified 5,022 objects."
objects show $from/ >expected
objects show $to/ >found
diff expected found
objects put $to/many/03/00003 out
expect 0 "$cairn" restore latest:media --to s3://cairn/$to --overwrite never
says out "left 5,022 as they were"
expect 0 "$cairn" restore latest:media/many --to s3://cairn/$to --overwrite changed --include '03' --json
says out '"files":1,'
says out '"skipped":99,'
objects show $to/ | diff expected -

# To a directory, but for what no directory takes.
expect 1 "$cairn" restore latest:media --target dir
says err "File name too long"
cmp dir/media/deep/big big2
[ "$(cat dir/media/a%)$(cat dir/media/a/b)$(cat dir/media/x/%)$(cat dir/media/%/%/y)" = "content of acontent of a/bcontent of x/content of //y" ]
[ "$(cat dir/media/%2E%2E/z)$(cat dir/media/100%25)" = "content of ../zcontent of 100%" ]
[ "$(find dir/media -type f | wc -l)" -eq 5021 ]
# From a directory: what is in a tree becomes objects.
ln -s b dir/media/a/link
expect 0 "$cairn" backup tree=dir/media/a
expect 0 "$cairn" restore latest:tree --to s3://cairn/tree-$$
says err "1 links and special files"
[ "$(objects show tree-$$/ | cut -d' ' -f1)" = "b'b'" ]
expect 0 "$cairn" backup s3://cairn/nothing-$$ more=s3://cairn/$from --exclude /many --exclude 'deep/'
says err "there is nothing in s3://cairn/nothing-$$/"
expect 0 "$cairn" ls -R latest --json
silent out many
silent out deep
expect 0 "$cairn" check --read-data
