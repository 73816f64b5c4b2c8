#!/bin/sh
# The memory that makes a key of a password asks for huge pages before it is filled.
. "$(dirname "$0")/setup.sh"
command -v strace >/dev/null || skip "no strace"
expect 0 "$cairn" init
if nm -D "$cairn" 2>/dev/null | grep -q '__[at]san_'; then skip "a sanitizer has an mmap of its own"; fi
expect 0 strace -f -o calls -e trace=mmap,madvise "$cairn" snapshots
at=$(sed -n 's/.*mmap(NULL, 67108864, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = \(0x[0-9a-f]*\)$/\1/p' calls)
[ -n "$at" ] || { grep mmap calls >&2; fail "no 64 MiB that aren't filled at once"; }
says calls "madvise($at, 67108864, MADV_HUGEPAGE"
