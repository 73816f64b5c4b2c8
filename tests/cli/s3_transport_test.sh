#!/bin/sh
# TLS, the bucket in the host name and temporary credentials, with a real S3 server.
. "$(dirname "$0")/setup.sh"
[ -n "${CAIRN_TEST_S3_TLS:-}" ] || skip "no S3 server with TLS (CAIRN_TEST_S3_TLS); tests/s3/rgw.sh starts one"
place="s3://cairn/transport-$$?endpoint="
export CAIRN_REPOSITORY="$place$CAIRN_TEST_S3_TLS" AWS_ACCESS_KEY_ID=access AWS_SECRET_ACCESS_KEY=secret
mkdir tree
head -c 2000000 /dev/urandom >tree/file
# A stranger's certificate is refused, at once: no repetition makes it better.
began=$(date +%s)
expect 1 "$cairn" init
says err "certificate"
says err "CAIRN_S3_CA_FILE"
CAIRN_S3_CA_FILE="$work/nowhere" expect 1 "$cairn" init
says err "$work/nowhere"
export CAIRN_S3_CA_FILE="$CAIRN_TEST_S3_CA"
expect 1 "$cairn" -r "${place}https://127.0.0.1:${CAIRN_TEST_S3_TLS##*:}" init   # it isn't in the certificate
says err "127.0.0.1"
[ $(($(date +%s) - began)) -le 20 ] || fail "a refused certificate is tried again and again"
expect 0 "$cairn" init
expect 0 "$cairn" backup tree
expect 0 "$cairn" check --read-data

# cairn.localhost leads to this machine.
CAIRN_REPOSITORY="$place$CAIRN_TEST_S3_TLS&style=virtual" expect 0 "$cairn" check --read-data
expect 0 "$cairn" -r "${place}http://localhost:${CAIRN_TEST_S3##*:}&style=virtual" backup tree
expect 0 "$cairn" restore latest --target back
cmp tree/file back/tree/file

python3 "$top/tests/s3/session_token.py" "$CAIRN_TEST_S3" arn:aws:iam:::role/visitor >visitor
# shellcheck disable=SC1091
. ./visitor
expect 0 "$cairn" backup tree
expect 0 "$cairn" check --read-data
token=$AWS_SESSION_TOKEN
AWS_SESSION_TOKEN='' expect 1 "$cairn" snapshots
says err "session token"
AWS_SESSION_TOKEN="${token%????????}AAAAAAA=" expect 1 "$cairn" snapshots
says err "session token"
AWS_SECRET_ACCESS_KEY=wrong expect 1 "$cairn" snapshots
says err "the server answers 403"
