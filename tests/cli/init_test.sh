#!/bin/sh
# init makes a repository where there is nothing, and touches nothing that is there.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
says out "Made the repository"
says out "password"
cp -r repository before
expect 1 "$cairn" init
says err "a repository already"
CAIRN_PASSWORD=other expect 1 "$cairn" init
diff -r before repository || fail "the old repository was touched"
expect 0 "$cairn" snapshots

mkdir full
echo mine >full/notes
expect 1 "$cairn" -r full init
[ "$(ls full)" = notes ] || fail "something was made in a foreign directory"
expect 0 "$cairn" -r new/with/parents init --json
python3 -c 'import json,sys; o = json.loads(sys.stdin.read()); assert len(o["repository_id"]) == 64, o' <out
: >empty
unset CAIRN_PASSWORD
expect 2 "$cairn" -r third --password-file empty init
[ ! -e third ] || fail "a repository with an empty password"
