#!/bin/sh
# -q: not a word when all is well; errors are still told.
. "$(dirname "$0")/setup.sh"
mkdir src
echo content >src/file
quiet() {
  expect 0 "$cairn" -q "$@"
  { [ ! -s out ] && [ ! -s err ]; } || fail "$1: $(cat out err)"
}
quiet init
quiet backup src
quiet check --read-data
quiet restore latest --target out.d
expect 3 "$cairn" -q backup src nowhere
[ ! -s out ] || fail "a summary"
says err nowhere
expect 0 "$cairn" -q snapshots
says out src
expect 2 "$cairn" -q -v snapshots
