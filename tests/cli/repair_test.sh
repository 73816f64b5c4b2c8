#!/bin/sh
# Broken segments and packs: replaced, told, removed only when asked; the next backup heals; a restore is right at every step.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src
for i in 1 2 3 4 5 6; do head -c 700000 /dev/urandom >src/file$i; done
expect 0 "$cairn" backup src
expect 2 "$cairn" repair
expect 2 "$cairn" repair everything
expect 2 "$cairn" repair snapshots --delete
expect 2 "$cairn" repair packs --forget
expect 0 "$cairn" repair packs
says out "No damage"
expect 0 "$cairn" repair index
says out "in a good segment"
break_at() { # FILE OFFSET
  chmod u+w "$1"
  printf 'XXXX' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

segment=$(find repository/index -type f)
break_at "$segment" 200
find repository -type f | sort >before
expect 0 "$cairn" repair index -n
says out "$(basename "$segment")"
find repository -type f | sort >after
cmp before after
expect 0 "$cairn" repair index
[ -e "$segment" ] || fail "removed without --delete"
expect 1 "$cairn" check
expect 0 "$cairn" repair index --delete --json
tail -n 1 out | python3 -c 'import json,sys; o = json.loads(sys.stdin.read()); assert o["segments_removed"] == 1, o'
expect 0 "$cairn" check --read-data

pack=$(find repository/packs -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)   # a busy machine fills two at once
break_at "$pack" 1000000
expect 1 "$cairn" repair packs --dry-run
says out "$(basename "$pack")"
expect 1 "$cairn" repair packs "$(basename "$pack" | cut -c1-12)" --delete
says out "kept: some of what it held is nowhere else"
expect 1 "$cairn" check --read-data
rm -rf cache
expect 1 "$cairn" restore latest --target partly
intact=0
for i in 1 2 3 4 5 6; do
  if [ -e partly/src/file$i ]; then cmp src/file$i partly/src/file$i && intact=$((intact + 1)); fi
done
[ "$intact" -ge 4 ] || fail "only $intact files came back"
old=$("$cairn" snapshots --json | python3 -c 'import json,sys; print(json.loads(sys.stdin.readline())["id"])')
expect 0 "$cairn" backup src
rm -rf cache
expect 0 "$cairn" restore "$old" --target whole --verify
diff -r src whole/src
expect 0 "$cairn" repair packs --delete
[ ! -e "$pack" ] || fail "still there"
rm -rf cache
expect 0 "$cairn" check --read-data
