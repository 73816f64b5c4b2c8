#!/bin/sh
# Parts, several at once, included and excluded; what can't be written is told, the rest is restored.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir -p src/sub/deep
echo 1 >src/one.conf
echo 2 >src/sub/two.conf
echo 3 >src/sub/deep/three.txt
echo single >alone
expect 0 "$cairn" backup src alone
files() { (cd "$1" && find . -type f | sort | tr '\n' ' '); }
expect 0 "$cairn" restore latest:src/sub latest:alone --target a
[ "$(files a)" = "./alone ./sub/deep/three.txt ./sub/two.conf " ] || fail "a: $(files a)"
expect 0 "$cairn" restore latest:src/sub/two.conf --target b
[ "$(files b)" = "./two.conf " ] || fail "b: $(files b)"
expect 0 "$cairn" restore latest:src --target c --include '*.conf' --exclude sub
[ "$(files c)" = "./src/one.conf " ] || fail "c: $(files c)"
expect 2 "$cairn" restore latest
says err "--target"
mkdir -p d/alone/full
expect 1 "$cairn" restore latest --target d
says err alone
says out "could not be restored"
[ "$(cat d/src/one.conf)" = 1 ] || fail "the rest was not restored"
[ -d d/alone/full ] || fail "a directory was removed"
