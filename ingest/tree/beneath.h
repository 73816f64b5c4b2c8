// Opens directories beneath a directory without ever leaving it: no "..", no symlinks, whoever plants them and whenever.
// Comparing path strings can't do that: what a name leads to changes between the check and the use.
//
// Errors:   kInvalidArgument for a path that isn't one; the system's errors are handed back as errno.
// Threads:  all thread-safe.
// Source:   openat2(2)
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/fd.h"

namespace cairn {

// Elements separated by '/', each a valid entry name (store/tree/entry.h).
bool valid_path(std::string_view path);

// "a/b/c" is "c" in "a/b"; "c" is "c" in "".
struct PathParts {
  std::string_view directory, name;
};
PathParts split_path(std::string_view path);

// The directory nothing gets out of.
class Beneath {
 public:
  // force_portable: element by element, as where the kernel has no openat2 (before Linux 5.6) or a sandbox forbids it.
  Beneath(Fd root, bool force_portable);

  int root() const { return root_.get(); }
  bool portable() const { return portable_; }

  // An O_PATH descriptor of the directory `path`, "" being the root; of any length.  Holds -1 and leaves errno when it can't be
  // opened; ELOOP and ENOTDIR are what a symlink or a file in the way gives.  Requires: path is "" or valid.
  Fd open_directory(std::string_view path) const;

 private:
  Fd root_;
  bool portable_;
};

// What a file created in a directory starts with, so that not every file has to be asked.  Known for directories that only we can
// change: the owner of a directory could give it a default ACL or the setgid bit at any time.
struct NewFiles {
  std::atomic<bool> asked{false};             // the rest is set
  std::atomic<bool> reliable{false};
  std::atomic<bool> inherits_xattrs{true};
  std::atomic<uint32_t> uid{0}, gid{0};
};

// Open descriptors by name, the most recently used of them.  A descriptor once opened safely stays right to use whatever its
// name leads to later.
// Memory: at most `capacity` descriptors, plus those in use.
class FdCache {
  struct Slot {
    std::string name;
    Fd fd;
    unsigned users = 0;      // guarded by mu_
    bool forgotten = false;  // guarded by mu_
    NewFiles new_files{};
  };
  using Position = std::list<Slot>::iterator;

 public:
  // Keeps a descriptor open while it is used.  Must not outlive the cache.
  class Pin {
   public:
    Pin(Pin&& other) noexcept : cache_(other.cache_), at_(other.at_) { other.cache_ = nullptr; }
    Pin& operator=(Pin&&) = delete;
    ~Pin() {
      if (cache_) cache_->unpin(at_);
    }
    int fd() const { return at_->fd.get(); }
    NewFiles& new_files() const { return at_->new_files; }

   private:
    friend class FdCache;
    Pin(FdCache& cache, Position at) : cache_(&cache), at_(at) {}
    FdCache* cache_;  // null: moved from
    Position at_;
  };

  explicit FdCache(size_t capacity) : capacity_(capacity) {}

  std::optional<Pin> find(std::string_view name);
  // Another thread's descriptor of that name, should one have come first.
  Pin insert(std::string_view name, Fd fd);
  // The next find() has none; pins stay good.
  void forget(std::string_view name);

 private:
  void unpin(Position at);
  void shrink();  // Requires: mu_ held

  const size_t capacity_;
  std::mutex mu_;
  std::list<Slot> slots_;                                     // guarded by mu_; most recently used first
  std::unordered_map<std::string_view, Position> by_name_;    // guarded by mu_; without those forgotten
};

}  // namespace cairn
