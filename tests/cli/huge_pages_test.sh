#!/bin/sh
# The memory that makes a key of a password asks for huge pages before it is filled, and so does the heap.
. "$(dirname "$0")/setup.sh"
command -v strace >/dev/null || skip "no strace"
expect 0 "$cairn" init
if nm -D "$cairn" 2>/dev/null | grep -q '__[at]san_'; then skip "a sanitizer has an mmap of its own"; fi
expect 0 strace -f -o calls -e trace=mmap,madvise "$cairn" snapshots
at=$(sed -n 's/.*mmap(NULL, 67108864, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = \(0x[0-9a-f]*\)$/\1/p' calls)
[ -n "$at" ] || { grep mmap calls >&2; fail "no 64 MiB that aren't filled at once"; }
says calls "madvise($at, 67108864, MADV_HUGEPAGE"

# The heap: at least 100 MiB, at the end of what brk gave; said once, before anything else maps memory for huge pages.
expect 0 strace -o calls -e trace=brk,madvise "$cairn" --version
sed -n 's/^madvise(\(0x[0-9a-f]*\), \([0-9]*\), MADV_HUGEPAGE).*/\1 \2/p' calls >huge
[ "$(wc -l <huge)" -eq 1 ] || { cat calls >&2; fail "the heap asks for huge pages $(wc -l <huge) times"; }
read -r begin length <huge
[ "$length" -ge 104857600 ] || fail "only $length bytes of heap in huge pages"
[ $((begin % 2097152)) -eq 0 ] || fail "the heap's huge pages begin at $begin"
last=$(sed -n 's/^brk(.*) *= \(0x[0-9a-f]*\)$/\1/p' calls | tail -n 1)
[ $((begin + length)) -le $((last)) ] || fail "huge pages up to $((begin + length)), the heap ends at $last"

# Where memory is limited what isn't used counts, too.
for limit in v d; do
  (ulimit -$limit 1000000 && strace -o calls -e trace=madvise "$cairn" --version >out) || fail "with ulimit -$limit"
  silent calls MADV_HUGEPAGE
done
