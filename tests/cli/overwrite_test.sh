#!/bin/sh
# What is there already is replaced, kept, or replaced when it differs.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src
echo saved >src/same
echo saved >src/different
expect 0 "$cairn" backup src
prepare() {
  rm -rf t
  mkdir -p t/src
  cp -p src/same t/src/same
  echo other >t/src/different
  echo kept >t/src/more
}
prepare
expect 0 "$cairn" restore latest --target t --overwrite never
[ "$(cat t/src/different)" = other ] || fail "never: replaced"
prepare
inode=$(stat -c %i t/src/same)
expect 0 "$cairn" restore latest --target t --overwrite changed
[ "$(cat t/src/different)" = saved ] || fail "changed: not replaced"
[ "$(stat -c %i t/src/same)" = "$inode" ] || fail "changed: an equal file was written again"
prepare
expect 0 "$cairn" restore latest --target t
[ "$(cat t/src/different)" = saved ] || fail "always: not replaced"
[ "$(cat t/src/more)" = kept ] || fail "a file of somebody else is gone"
expect 2 "$cairn" restore latest --target t --overwrite sometimes
