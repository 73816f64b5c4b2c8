#!/bin/sh
# server_tests.sh CAIRN STORE-TESTS: the conformance suite, the scenarios and runs with faults on the way, all with the server at CAIRN_TEST_S3:
# one start of it serves them.
set -eu
here=$(dirname "$0")
export AWS_ACCESS_KEY_ID=access AWS_SECRET_ACCESS_KEY=secret
"$2" --gtest_filter='*BackendConformance*s3*' --gtest_brief=1
for scenario in s3 s3_source s3_lock s3_versions s3_transport; do "$here/../cli/${scenario}_test.sh" "$1"; done
exec python3 "$here/fault_runs.py" "$1" 20 1 "$CAIRN_TEST_S3"
