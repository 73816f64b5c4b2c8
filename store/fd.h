// An open file descriptor that closes itself; the only place in cairn that calls ::close.
// What close() would report is reported earlier: whoever needs durability has called fdatasync before.
//
// Threads:  one thread at a time.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace cairn {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}  // takes ownership; negative: holds nothing
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // Gives up ownership, for fdopendir() and the like.
  int release() { return std::exchange(fd_, -1); }
  // errno stays as it is, so that a failed call can be reported after its descriptors are gone.
  void reset() {
    if (fd_ < 0) return;
    int kept = errno;
    ::close(std::exchange(fd_, -1));  // never retried: Linux frees the number even when it says EINTR
    errno = kept;
  }

 private:
  int fd_ = -1;
};

}  // namespace cairn
