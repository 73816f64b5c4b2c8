#!/bin/sh
# Paths, commands and standard input become one snapshot.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir src
echo tree >src/file
echo single >alone
echo piped | "$cairn" backup src alone - --stdin-name in db=exec:'echo shell' --tag t1 --tag t2 \
  --command words -- printf '%s|' a 'b c' -- --tag >out
[ "$(snapshot_count)" -eq 1 ] || fail "not one snapshot"
expect 0 "$cairn" ls latest
printf 'alone\ndb\nin\nsrc\nwords\n' | cmp - out || fail "other components: $(cat out)"
[ "$("$cairn" cat latest:src/file)" = tree ] || fail src
[ "$("$cairn" cat latest:alone)" = single ] || fail alone
[ "$("$cairn" cat latest:in)" = piped ] || fail in
[ "$("$cairn" cat latest:db)" = shell ] || fail db
[ "$("$cairn" cat latest:words)" = 'a|b c|--|--tag|' ] || fail words
expect 0 "$cairn" restore latest --target all
[ "$(cat all/src/file all/alone all/in all/db)" = "$(printf 'tree\nsingle\npiped\nshell')" ] || fail restore
expect 0 "$cairn" snapshots --tag t2 --tag t1
says out "t1, t2"
