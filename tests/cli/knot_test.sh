#!/bin/sh
# knot's backup, plain and sealed: returned identical, taken apart by section and element, with what they need.
. "$(dirname "$0")/setup.sh"
python3 -c 'import cryptography' 2>/dev/null || skip "python3-cryptography is not installed"
make() { python3 "$top/tests/knot/knot_backup.py" "$@"; }
printf 'abcdefghijklmnopqrstuvwxyz012345' >key
make --users 40 --seed 1 >plain.json
make --users 40 --seed 1 --seal key >sealed
expect 0 "$cairn" init
expect 0 "$cairn" backup knot=plain.json
says out "; knot"
"$cairn" cat latest:knot | cmp - plain.json || fail "plain"

# Sealed: recognised by the key, deduplicated against the plain one, and the same bytes again without the key.
expect 12 "$cairn" backup knot=plain.json --decrypt-key key
says err "none of the sources"
expect 0 "$cairn" backup --json knot=sealed --decrypt-key key
python3 -c 'import json; s = [json.loads(line) for line in open("out")][-1]; exit(s["bytes_new"] > 40000)' || fail "sealed doesn't deduplicate: $(cat out)"
"$cairn" cat latest:knot | cmp - sealed || fail "sealed"
"$cairn" cat latest:knot/document.json | cmp - plain.json || fail "the document inside"
expect 0 "$cairn" restore latest --target back --verify
cmp back/knot/document.json.sealed sealed || fail "restored sealed"
CAIRN_DECRYPT_KEY=$(cat key) expect 0 "$cairn" backup knot=sealed
CAIRN_DECRYPT_KEY=$(cat key) expect 0 "$cairn" backup other=plain.json
says err "none of the sources"
CAIRN_DECRYPT_KEY_FILE=key expect 0 "$cairn" backup --command knot -- cat sealed
user=$("$cairn" ls latest:knot/Users | sed -n 's|^knot/Users/\([^/]*\).json$|\1|p' | head -n 1)
"$cairn" cat "latest:knot/Users/$user" >out
says out "\"username\":\"$user\""
count=$(snapshot_count)
printf 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345' >other
expect 12 "$cairn" backup knot=sealed --decrypt-key other
expect 2 "$cairn" backup knot=sealed --decrypt-key plain.json
python3 - <<'PYTHON'
data = bytearray(open("sealed", "rb").read())
data[-1000] ^= 1
open("damaged", "wb").write(data)
PYTHON
expect 1 "$cairn" backup knot=damaged --decrypt-key key
[ "$(snapshot_count)" = "$count" ] || fail "something was recorded"

# Sections: what knot would load.
check() { python3 - "$@" <<'PYTHON' || fail "$*"
import json, sys
was, some = (json.load(open(f), parse_int=str) for f in ("plain.json", sys.argv[1]))
assert list(was) == list(some), list(some)
wanted = set(sys.argv[2].split(",")) if sys.argv[2] else set()
for name, value in some.items():
    if name == "Users": continue
    assert value == (was[name] if name in wanted else None), name
members = set(sys.argv[3].split(",")) if sys.argv[3] else set()
if not members: assert some["Users"] is None
else:
    assert len(some["Users"]) == len(was["Users"])
    for a, b in zip(was["Users"], some["Users"]):
        for m in ("User", "Tokens", "Spaces"): assert b[m] == (a[m] if m in members else None), m
PYTHON
}
restored() { rm -rf target; expect 0 "$cairn" restore latest:knot --only "$1" --target target; shift; check target/knot.json "$@"; }
restored users '' User
restored Users,groups Groups User
restored tokens '' User,Tokens
restored spaces,tokens '' User,Tokens,Spaces
restored roles,templates,variables,audit Roles,Templates,TemplateVars,AuditLogs ''
restored config,volumes,scripts,skills,commands,responses CfgValues,Volumes,Scripts,Skills,Commands,Responses ''
[ "$(stat -c %a target/knot.json)" = 600 ] || fail "everybody may read it"
rm -rf target
expect 0 "$cairn" restore latest:knot --only "Users/$user" --with-dependencies --target target
python3 - "$user" <<'PYTHON' || fail "dependencies of one user"
import json, sys
was, some = (json.load(open(f)) for f in ("plain.json", "target/knot.json"))
one = [u for u in some["Users"] if u["User"]["username"] == sys.argv[1]][0]
assert one["User"] in [u["User"] for u in was["Users"]] and one["Tokens"] is None
for name, member, key in (("Roles", "roles", "role_id"), ("Groups", "groups", "group_id")):
    needed = set(one["User"][member] or []) & {x[key] for x in was[name]}   # knot's own role isn't in the file
    assert {x[key] for x in some[name] or []} >= needed, name
PYTHON
expect 0 "$cairn" restore latest:knot --only users --encrypt-key key --target sealed_out
python3 - <<'PYTHON' || fail "sealed for knot"
import json
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
data = open("sealed_out/knot.json", "rb").read()
json.loads(AESGCM(open("key", "rb").read()).decrypt(data[:12], data[12:], None))
PYTHON
expect 0 "$cairn" restore latest:knot --only users --target nowhere --dry-run
[ ! -e nowhere ] || fail "a dry run wrote something"

# Another application's documents: a profile in the configuration.
mkdir profiles
cat >profiles/shop.toml <<'EOF'
name = "shop"
detect = ["customers", "orders"]
[[section]]
name = "people"
path = "customers"
label = ["email"]
needs = [ { from = "orders[]", section = "orders", by = "no" } ]
[[section]]
name = "orders"
path = "orders"
label = ["no"]
EOF
printf '{"customers":[{"id":1,"email":"a@x","orders":[10]},{"id":2,"email":"b@x","orders":[11,12]}],"orders":[{"no":10},{"no":11},{"no":12}]}' >shop.json
export CAIRN_DOCUMENT_PROFILES=$work/profiles
expect 0 "$cairn" backup shop.json
says out "; shop"
[ "$("$cairn" cat latest:shop.json/customers/b@x)" = '{"id":2,"email":"b@x","orders":[11,12]}' ] || fail "a label of the profile"
expect 0 "$cairn" restore latest:shop.json --only people/b@x --with-dependencies --target shop
[ "$(cat shop/shop.json)" = '{"customers":[{"id":2,"email":"b@x","orders":[11,12]}],"orders":[{"no":11},{"no":12}]}' ] || fail "needs of the profile: $(cat shop/shop.json)"
echo 'nmae = "x"' >profiles/bad.toml
expect 2 "$cairn" backup shop.json
says err bad.toml
