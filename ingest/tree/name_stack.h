// The names in the directories a walk is inside of, the innermost directory's on top.
// One stack for all of them, in blocks that are kept: no allocation for a name or a small directory, and a directory of a million
// entries costs its names and at most 10 bytes each (a growing string would hold them up to three times while it moves).
//
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ingest/monitor.h"

namespace cairn {

class NameStack {
 public:
  // One directory's names, sorted by bytes and unique: at(begin) … at(end - 1).
  struct Level {
    size_t begin = 0, end = 0;
    uint64_t used_before_bytes = 0;
  };
  struct Name {
    const char* text;    // valid until its level is popped
    unsigned char type;  // DT_…, DT_UNKNOWN where the file system doesn't say
  };

  NameStack();
  // Lists an open directory onto the stack.  *error_number is 0, or why the list ends early; what was read until then is there.
  // monitor.check_interrupted() may throw.
  Level push(int directory_fd, Monitor& monitor, int* error_number);
  void pop(const Level& level);  // Requires: `level` is on top.
  Level top() const { return {places_.size(), places_.size(), used_bytes_}; }  // an empty level on top

  Name at(size_t index) const;
  // Among the names of the level, which must be on top.
  bool contains(const Level& level, const char* name) const;
  // Leaves only this one name in the level, which must be on top and contain it; returns how many went.
  size_t keep_only(Level& level, const char* name);

 private:
  char* place(uint32_t at) const;
  void add(const char* name, unsigned char type);
  size_t find(const Level& level, const char* name) const;  // index, or level.end

  std::unique_ptr<char[]> listing_;               // what getdents64 fills
  std::vector<std::unique_ptr<char[]>> blocks_;   // of (type byte, name, NUL), none across the end of a block
  std::vector<uint32_t> places_;                  // in the blocks seen as one run of bytes: bounds all names to 4 GiB
  uint64_t used_bytes_ = 0;
};

}  // namespace cairn
