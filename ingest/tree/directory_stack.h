// The directories a walk is inside of, from the root inwards, with descriptors for the innermost ones.
// A tree may be nested deeper than we may have files open.  Descriptors in the middle are closed meanwhile and opened again along
// their names, each compared by device and inode.  (Through ".." would do until somebody moves a directory; then everything above
// it would be lost.)
//
// Threads:  one thread at a time.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/tree/name_stack.h"
#include "store/fd.h"

namespace cairn {

// Far below the usual limit of 1,024 descriptors.
inline constexpr size_t kMaxOpenDirectories = 128;

// statx without following a link, mounting anything, or asking a server again; name "": the descriptor itself.
bool examine(int directory_fd, const char* name, struct ::statx& out);

// Opens for reading without following a link, blocking on a fifo, or (where we may say so) a new access time.
Fd open_unread(int directory_fd, const char* name, int flags);

inline uint64_t device_of(const struct ::statx& found) {
  return static_cast<uint64_t>(found.stx_dev_major) << 32 | found.stx_dev_minor;
}

struct OpenDirectory {
  Fd fd;  // empty: not readable, not to be entered, or closed meanwhile
  uint64_t device = 0, inode = 0;
  NameStack::Level names;
  size_t next = 0;       // of names
  size_t path_size = 0;  // of its path
};

class DirectoryStack {
 public:
  bool empty() const { return directories_.empty(); }
  size_t depth() const { return directories_.size(); }
  OpenDirectory& top() { return directories_.back(); }
  const OpenDirectory& top() const { return directories_.back(); }
  bool holds(const struct ::statx& found) const;

  // May close the descriptor of one far out; the root's stays open.
  void push(OpenDirectory directory);
  void pop();
  // Opens top() again, and some that hold it, along `path`, of which every path_size here is a prefix.
  // False when it isn't there any more.
  bool reopen(const std::string& path);

 private:
  std::vector<OpenDirectory> directories_;
  size_t lowest_open_ = 1;  // those in [1, lowest_open_) are closed
};

}  // namespace cairn
