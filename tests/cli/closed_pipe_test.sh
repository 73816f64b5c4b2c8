#!/bin/sh
# `| head` ends a long listing quietly.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src
(cd src && seq -f 'a-rather-long-name-of-a-file-to-fill-pipes-%.0f' 5000 | xargs touch)
expect 0 "$cairn" backup src
"$cairn" ls -R latest 2>err | head -n 1 >first
[ "$(cat first)" = src ] || fail "no first line"
[ ! -s err ] || fail "words about a closed pipe: $(cat err)"
"$cairn" ls -R --json latest 2>err | head -n 1 >first
[ ! -s err ] || fail "words about a closed pipe: $(cat err)"
