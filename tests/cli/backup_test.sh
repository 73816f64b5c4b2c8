#!/bin/sh
# The summary tells new from changed from unmodified, and an unchanged tree costs next to nothing.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src
for i in 1 2 3; do head -c 200000 /dev/urandom >src/$i; done
sleep 2.1
expect 0 "$cairn" backup src
says out "3 new, 0 changed, 0 unmodified"
expect 0 "$cairn" backup src
says out "0 new, 0 changed, 3 unmodified"
says out "0 B read"
echo more >>src/2
expect 0 "$cairn" backup src
says out "0 new, 1 changed, 2 unmodified"
expect 0 "$cairn" backup --force src
says out "585.9 KiB read, 0 B new"
expect 0 "$cairn" -v backup src
expect 0 "$cairn" backup -- src
expect 0 "$cairn" backup --config /dev/null src
printf '[backup]\ntag = ["from-file"]\nexclude = ["3"]\n' >cairn.toml
CAIRN_CONFIG=cairn.toml expect 0 "$cairn" backup src
expect 0 "$cairn" ls latest:src --tag from-file
silent out src/3
printf '[backup]\nexclud = ["3"]\n' >cairn.toml
CAIRN_CONFIG=cairn.toml expect 2 "$cairn" backup src
