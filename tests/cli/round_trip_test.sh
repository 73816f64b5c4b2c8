#!/bin/sh
# What goes in comes out: content, names, modes, times, links, holes.
. "$(dirname "$0")/setup.sh"
mkdir -p src/sub/empty src/sub/deep
printf 'content' >src/plain
: >src/nothing
head -c 5000000 /dev/urandom >src/sub/big
cp src/sub/big src/sub/deep/same
truncate -s 20M src/sparse
printf 'data' | dd of=src/sparse bs=1 seek=9000000 conv=notrunc status=none
ln src/plain src/sub/hard
ln -s ../plain src/sub/soft
ln -s nowhere src/dangling
mkfifo src/pipe
printf 'x' >"$(printf 'src/odd \377 and\nnewline')"
chmod 4751 src/sub/big
chmod 0500 src/sub/deep
touch -d '2001-02-03 04:05:06.789' src/plain src/sub/empty

listing() { (cd "$1" && find . -printf '%p %y %m %T@ %n %l\0' | sort -z | tr '\0' '\n'); }

expect 0 "$cairn" init
expect 0 "$cairn" backup files=src
expect 0 "$cairn" restore latest --target out.d --verify
says out "Verified"
diff -r --no-dereference --exclude=pipe src out.d/files || fail "contents differ"
listing src >before
listing out.d/files >after
diff before after || fail "names or metadata differ"
[ "$(du -k out.d/files/sparse | cut -f1)" -lt 10000 ] || fail "the hole was filled"
