// The program's own mmap: whoever maps 32 MiB and more of empty memory at once gets it in huge pages, where the system gives them to
// who asks ("madvise" in /sys/kernel/mm/transparent_hugepage/enabled).
//
// Argon2id jumps about in 64 MiB, which libsodium maps and fills by itself, and offers no way to say how.  With pages of 4 KiB
// a third of its time goes to finding them (bench/DECISIONS.md).   The dynamic linker takes a program's mmap before the C library's.
// Not with sanitizers, which have their own.
#include "cli/huge_pages.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "store/parallel.h"

extern "C" __attribute__((visibility("default"))) void* mmap(void* at, size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  constexpr size_t kLong = size_t{32} << 20;
  const bool huge = bytes >= kLong && (flags & MAP_ANONYMOUS) != 0 && (protection & PROT_WRITE) != 0;
  if (huge) flags &= ~MAP_POPULATE;   // before it is said how
  const long mapped = ::syscall(SYS_mmap, at, bytes, protection, flags, file, offset);
  if (mapped == -1) return MAP_FAILED;
  auto* const memory = reinterpret_cast<void*>(mapped);   // NOLINT: the kernel answers with a number
  if (huge) ::madvise(memory, bytes, MADV_HUGEPAGE);      // refused: it is memory all the same
  return memory;
}

namespace cairn {

namespace {

// Then what isn't used yet counts, too.
bool memory_is_limited() {
  for (const auto kind : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit{};
    if (::getrlimit(kind, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY) return true;
  }
  return false;
}

}  // namespace

void put_heap_in_huge_pages() {
  if (memory_is_limited()) return;
  constexpr uintptr_t kHugePage = uintptr_t{2} << 20, kHeapBytes = uintptr_t{128} << 20;
  ::mallopt(M_ARENA_MAX, static_cast<int>(std::max<size_t>(processor_count() / 2, 1)));   // others than the first lie elsewhere
  ::mallopt(M_TOP_PAD, kHeapBytes);
  void* const first = std::malloc(kHugePage);   // makes it grow by so much
  const uintptr_t end = reinterpret_cast<uintptr_t>(::sbrk(0)) / kHugePage * kHugePage;                       // NOLINT: an address to be rounded
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(first) + kHugePage - 1) / kHugePage * kHugePage;       // NOLINT
  if (first && begin < end && end - begin <= kHeapBytes) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);   // NOLINT
  std::free(first);
}

}  // namespace cairn

#else

void cairn::put_heap_in_huge_pages() {}

#endif
