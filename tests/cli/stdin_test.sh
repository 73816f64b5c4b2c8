#!/bin/sh
# Standard input is a stream, byte for byte; also an empty one.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
head -c 9000000 /dev/urandom >data
"$cairn" backup -q - <data
"$cairn" cat latest:stdin | cmp - data || fail "not what went in"
"$cairn" backup -q - --stdin-name empty </dev/null
[ "$("$cairn" cat latest:empty | wc -c)" -eq 0 ] || fail "bytes from nowhere"
"$cairn" backup -q named=- <data
"$cairn" cat latest:named | cmp - data || fail "not what went in, named"
expect 0 "$cairn" restore latest:named --target out.d
cmp out.d/named data || fail "restored otherwise"
expect 2 "$cairn" backup - -
expect 2 "$cairn" backup data --stdin-name forgotten
says err "write -"
