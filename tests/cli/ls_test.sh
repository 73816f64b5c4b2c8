#!/bin/sh
# Listing: components, directories, everything; long lines; raw names with -0.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir -p src/sub
echo 12345 >src/sub/file
ln -s sub/file src/link
chmod 2755 src/sub
touch -h -d '2001-02-03 04:05:06' src/sub/file src/link
odd=$(printf 'src/odd\377\nname')
: >"$odd"
expect 0 "$cairn" backup src two=exec:'echo x'
expect 0 "$cairn" ls latest
printf 'src\ntwo\n' | cmp - out
expect 0 "$cairn" ls latest:src/sub
printf 'src/sub/file\n' | cmp - out
expect 0 "$cairn" ls latest:src/sub/file
printf 'src/sub/file\n' | cmp - out
expect 0 "$cairn" ls -R -0 latest
printf 'src\0src/link\0%s\0src/sub\0src/sub/file\0two\0' "$odd" | cmp - out || fail "-0"
expect 0 "$cairn" ls -l latest:src
grep -q '^lrwxrwxrwx .* 2001-02-03 04:05:06 src/link -> sub/file$' out || fail "$(cat out)"
grep -q '^drwxr-sr-x ' out || fail "$(cat out)"
expect 0 "$cairn" ls -l latest:src/sub
grep -q "^-rw.* $(id -un) .* 6 2001-02-03 04:05:06 src/sub/file$" out || fail "$(cat out)"
script -qec "'$cairn' ls latest:src" /dev/null >out </dev/null
says out 'src/odd\xff\x0aname'
