#!/bin/sh
# Keys come and go: passwords and key files, another password in place of one, and an owner is always left.
. "$(dirname "$0")/setup.sh"
"$cairn" init -q
key() { CAIRN_PASSWORD='' expect "$1" "$cairn" --key-file "$2" key $3; }
slot_of() { "$cairn" key list --json | python3 -c "import json,sys
print(*[o['id'] for o in map(json.loads, sys.stdin) if o.get('label') == '$1'])"; }
expect 0 "$cairn" key list
says out "owner"
says out "*"
expect 2 "$cairn" key add --new-key-file w
says err "which role"
expect 0 "$cairn" key add --role writer --label web1 --new-key-file w
expect 0 "$cairn" key add --role reader --label 'the auditor' --new-key-file r
printf 'second\n' >second
expect 0 "$cairn" key add --role owner --label deputy --new-password-file second --json
python3 -c 'import json; o = json.load(open("out")); assert o["role"] == "owner" and o["label"] == "deputy" and o["kind"] == "password", o'
[ "$(stat -c %a w)" = 600 ] || fail "the key file can be read by others"
expect 0 "$cairn" key list
says out "the auditor"
says out "key file"
[ "$(grep -c owner out)" -eq 2 ] || fail "not two owners: $(cat out)"

# Only owners add and remove; everybody may look, and change what opens the own slot.
for file in w r; do
  cp -r repository before
  key 12 $file "add --role owner --new-key-file mine"
  says err "only an owner's may"
  [ ! -e mine ] || fail "a key file for nothing"
  key 12 $file "remove $(slot_of deputy)"
  diff -r before repository || fail "something was written"
  rm -r before
  key 0 $file list
  says out deputy
  key 0 $file "passwd --new-key-file $file.new"
  key 12 $file list
  key 0 $file.new list
done
says out "the auditor"
expect 0 "$cairn" check
expect 0 "$cairn" key remove "$(slot_of web1)"
says out "may have copied"
key 12 w.new list
expect 1 "$cairn" key remove ffffffff
expect 2 "$cairn" key remove ffff second

own=$("$cairn" key list --json | python3 -c 'import json,sys
print(*[o["id"] for o in map(json.loads, sys.stdin) if o.get("current")])')
expect 0 "$cairn" key remove "$own"
expect 12 "$cairn" key list
export CAIRN_PASSWORD=second
expect 2 "$cairn" key remove "$(slot_of deputy)"
says err "no other owner's is there"
printf 'third\n' >third
expect 0 "$cairn" key passwd --new-password-file third
expect 12 "$cairn" key list
CAIRN_PASSWORD=third expect 0 "$cairn" key list
says out deputy
