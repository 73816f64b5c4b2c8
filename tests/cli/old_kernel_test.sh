#!/bin/sh
# A kernel without openat2 (before Linux 5.6), or a container that forbids it: the repository is read all the same, and links in it are refused.
. "$(dirname "$0")/setup.sh"
command -v strace >/dev/null || skip "no strace"
mkdir source
head -c 300000 /dev/urandom >source/file
expect 0 "$cairn" init
expect 0 "$cairn" backup source
if nm -D "$cairn" 2>/dev/null | grep -q '__[at]san_'; then skip "a sanitizer and strace don't go together"; fi
without() { strace -f -o calls -e trace=openat2 -e inject=openat2:error="$1" "$cairn" cat latest:source/file >back; }
for error in ENOSYS EPERM; do
  without $error
  grep -q INJECTED calls || fail "openat2 isn't asked for"
  cmp source/file back || fail "with $error other bytes come back"
done
mv "$CAIRN_REPOSITORY/packs" elsewhere
ln -s "$PWD/elsewhere" "$CAIRN_REPOSITORY/packs"
if without ENOSYS 2>err; then fail "a link in the repository was followed"; fi
