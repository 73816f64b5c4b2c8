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

# A key file in place of a password: made once, used from then on.
expect 0 "$cairn" -r keyed init --new-key-file key
says out "Keep its key file safe"
[ "$(stat -c %a key)" = 600 ] || fail "the key file can be read by others"
cp key before-key
expect 0 "$cairn" -r keyed --key-file key backup /etc/hostname
CAIRN_KEY_FILE=key expect 0 "$cairn" -r keyed check
CAIRN_KEY_FILE=key expect 0 "$cairn" -r keyed2 init --new-key-file key
cmp key before-key || fail "the key file was written again"
tr 0-9a-f 1-9a-f0 <key >other
expect 12 "$cairn" -r keyed --key-file other snapshots
says err "key file is none of this repository's"
expect 12 "$cairn" -r keyed --password-file key snapshots
expect 2 "$cairn" -r keyed --key-file key --password-file key snapshots
says err "ambiguous"
CAIRN_PASSWORD=x expect 2 "$cairn" -r keyed3 init --new-key-file key
says err "ambiguous"
expect 2 "$cairn" -r keyed3 init --new-key-file /etc/hostname
says err "key file"
[ ! -e keyed3 ] || fail "a repository without a key"
