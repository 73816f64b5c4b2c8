// The program's own mmap: whoever maps 32 MiB and more of empty memory at once gets it in huge pages, where the system gives them to
// who asks ("madvise" in /sys/kernel/mm/transparent_hugepage/enabled).
//
// Argon2id jumps about in 64 MiB, which libsodium maps and fills by itself, and offers no way to say how.  With pages of 4 KiB
// a third of its time goes to finding them (bench/DECISIONS.md).   The dynamic linker takes a program's mmap before the C library's.
// Not with sanitizers, which have their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

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

#endif
