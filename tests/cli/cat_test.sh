#!/bin/sh
# cat writes one file, exactly; a reader that goes away is no error worth a word.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src
head -c 3000000 /dev/urandom >src/binary
: >src/empty
truncate -s 3M src/hole
expect 0 "$cairn" backup src
for file in binary empty hole; do
  "$cairn" cat "latest:src/$file" | cmp - "src/$file" || fail "$file differs"
done
"$cairn" cat latest:src/binary 2>err | head -c 10 >/dev/null
[ ! -s err ] || fail "words about a closed pipe: $(cat err)"
expect 2 "$cairn" cat latest:src
[ ! -s out ] || fail "output of a directory"
expect 2 "$cairn" cat latest:src/binary latest:src/empty
