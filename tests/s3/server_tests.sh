#!/bin/sh
# server_tests.sh CAIRN STORE-TESTS: the conformance suite and the scenarios with the server at CAIRN_TEST_S3; one start of it serves both.
set -eu
export AWS_ACCESS_KEY_ID=access AWS_SECRET_ACCESS_KEY=secret
"$2" --gtest_filter='*BackendConformance*s3*' --gtest_brief=1
"$(dirname "$0")/../cli/s3_source_test.sh" "$1"
exec "$(dirname "$0")/../cli/s3_test.sh" "$1"
