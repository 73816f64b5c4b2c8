#!/bin/sh
# Whatever is stored, readable: every file of a repository, a manifest, a tree, a chunk; as JSON; and what is damaged.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src
echo hello >src/file
expect 0 "$cairn" backup src
(cd repository && find config keys packs index snapshots -type f) >names
while read -r name; do
  expect 0 "$cairn" inspect "$name"
  says out "file: $name"
  expect 0 "$cairn" inspect "$name" --json
  python3 -c 'import json; assert json.load(open("out"))["header"]["version"] == 1'
done <names
silent out correct-horse
expect 0 "$cairn" inspect latest
says out "component: src"
root=$(sed -n 's/^root: //p' out)
expect 0 "$cairn" inspect tree "$root"
says out "entry: src"
expect 0 "$cairn" inspect chunk "$root"
says out "content: verified"
for wrong in "" "chunk" "tree 12" "latest more"; do
  # shellcheck disable=SC2086
  expect 2 "$cairn" inspect $wrong
done
expect 1 "$cairn" inspect snapshots/none
file=repository/$(grep ^index/ names | head -n 1)
chmod u+w "$file"
printf X | dd of="$file" bs=1 seek=200 conv=notrunc 2>dd
expect 1 "$cairn" inspect "${file#repository/}"
says out "type: index segment"
says err damaged
