#!/bin/sh
# JSON documents: recognised, returned byte for byte, listed, taken out and compared by section and element.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
cat >app.json <<'EOF'
{ "version": 9007199254740993,  "users": [ {"id": 1, "name": "alice", "n": 51049267326419971, "keys": [{"name":"k1","v":1.50},{"name":"k2"}]},
   {"id": 2, "name": "bob/\u00e9", "tags": ["\u003ca\u003e"]},{"id":3,"name":"alice"} , {"id":4} ],
 "settings": {"theme": {"dark": true}, "font": {"size": 1e3}}, "empty": [], "nothing": null, "document": "odd" }
EOF
expect 0 "$cairn" backup app.json
says out "app.json: 6 sections"
"$cairn" cat latest:app.json | cmp - app.json || fail "not what was saved"
"$cairn" cat latest:app.json/document.json | cmp - app.json || fail "not what was saved, as document.json"
"$cairn" ls -R latest:app.json >listed
for part in version.json users.json users/alice.json users/alice/keys/k1.json 'users/bob%2Fé.json' users/4.json 'users/alice~2.json' settings.json settings/theme.json settings/font.json empty.json nothing.json; do
  grep -qxF "app.json/$part" listed || fail "$part isn't listed: $(cat listed)"
done
[ "$("$cairn" cat latest:app.json/version.json)" = 9007199254740993 ] || fail "a number was changed"
[ "$("$cairn" cat latest:app.json/users/alice)" = '{"id": 1, "name": "alice", "n": 51049267326419971, "keys": [{"name":"k1","v":1.50},{"name":"k2"}]}' ] || fail "an element"
[ "$("$cairn" cat latest:app.json/users/alice/keys/k1.json)" = '{"name":"k1","v":1.50}' ] || fail "an element of an element"
"$cairn" ls -l latest:app.json/users.json >out
says out "(section, array, 4 elements)"
expect 0 "$cairn" restore latest:app.json/users --target back
[ "$(cat back/users.json)" = "$("$cairn" cat latest:app.json/users.json)" ] || fail "a restored section"
expect 0 "$cairn" restore latest --target whole --verify
cmp whole/app.json/document.json app.json || fail "restored"

sed 's/"size": 1e3/"size": 2e3/; s/{"id":4}/{"id":5}/; s/\\u00e9", /\\u00e9", "more":1,/' app.json >changed.json
expect 0 "$cairn" backup app.json=changed.json
expect 0 "$cairn" diff latest~1 latest
cat >expected <<'EOF'
M  app.json/settings.json
M  app.json/settings/font.json
+  app.json/users/5.json
-  app.json/users/4.json
M  app.json/users/bob%2Fé.json
M  app.json/users.json
EOF
head -n -1 out | sort >sorted
sort expected | cmp - sorted || { cat out; fail "diff"; }

# Any sections of any document as one document.
expect 0 "$cairn" restore latest~1:app.json --only users/alice,settings --target some
python3 - <<'PYTHON' || fail "the document of some sections: $(cat some/app.json)"
import json
was, some = (json.load(open(f), parse_int=str, parse_float=str) for f in ("app.json", "some/app.json"))
assert list(was) == list(some)
assert some["settings"] == was["settings"] and some["version"] is None and some["empty"] is None
assert some["users"] == [u for u in was["users"] if u.get("name") == "alice"], some["users"]   # both that are called so
PYTHON
expect 1 "$cairn" restore latest:app.json --only nosuch --target other
says err users
[ ! -e other/app.json ] || fail "a document of nothing"
expect 2 "$cairn" restore latest:app.json --only users --to redis://localhost

# Lines, arrays, what isn't JSON, what breaks off.
printf '{"name":"a","v":1}\n{"name":"b","v":2}\n' >lines.json
expect 0 "$cairn" backup lines.json
[ "$("$cairn" cat latest:lines.json/b)" = '{"name":"b","v":2}' ] || fail "a line"
printf '[{"id":7},{"id":8}]' >array.json
expect 0 "$cairn" backup array.json
[ "$("$cairn" cat latest:array.json/8)" = '{"id":8}' ] || fail "an element of an array at the top"
printf '[mysqld]\nuser=x\n' >my.cnf
expect 0 "$cairn" backup my.cnf
silent err warning
"$cairn" cat latest:my.cnf | cmp - my.cnf || fail "no JSON"
{ printf '{"a":"'; head -c 50000 /dev/zero | tr '\0' x; printf '",}'; } >bad.json
expect 0 "$cairn" backup bad.json
says err "without parts"
"$cairn" cat latest:bad.json | cmp - bad.json || fail "invalid JSON"
head -c 250 app.json >cut.json
expect 3 "$cairn" backup cut.json
says err "breaks off"
"$cairn" cat latest:cut.json | cmp - cut.json || fail "cut"
expect 0 "$cairn" backup --format json db=exec:'echo hello'
says err "doesn't begin like a JSON document"
expect 0 "$cairn" check --read-data
