// Things under a random name until they are complete and renamed to their own: what a crash leaves is the old file or the new
// one, never half of one.  All beneath open directories, following no link.
//
// Threads:  RandomNames is thread-safe; a Temporary belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>

#include "store/bytes.h"
#include "store/fd.h"

namespace cairn {

// Names nobody can guess.  The random bytes are fetched many at a time: a call a file would show.
class RandomNames {
 public:
  std::string next();

 private:
  std::mutex mu_;
  std::array<uint64_t, 32> numbers_{};  // guarded by mu_
  size_t used_ = 32;                    // guarded by mu_; of numbers_
};

// A name to be removed again unless it was published.
// Lifetime: `directory_fd` must outlive this.
class Temporary {
 public:
  Temporary(int directory_fd, std::string name);
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary();

  const std::string& name() const { return name_; }
  // Gives it its own name in the same directory.  False with errno; EEXIST when something has that name and replace is false.
  bool publish(const std::string& name, bool replace);
  // Leaves it where it is, for whoever knows its name.
  void keep() { kept_ = true; }

 private:
  int directory_fd_;
  std::string name_;
  bool kept_ = false;
};

// A new empty file, 0600, open for writing; its name in *name.  Holds -1 and leaves errno when there can't be one.
Fd create_temporary_file(int directory_fd, RandomNames& names, std::string* name);

// Writes all of `bytes`, unless they are zeros: where nothing was written a new file is a hole.
enum class Written { kYes, kLeftOut, kFailed };  // kFailed: see errno
Written write_unless_zeros(int fd, uint64_t offset_bytes, ByteView bytes);

}  // namespace cairn
