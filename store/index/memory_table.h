// Sorted keys of one length and their values, packed into three arrays: for looking up many keys of a small database, at a tenth
// of what the database takes for it.
//
// Keys must differ uniformly in their bytes after the first, which is the same of all (a kind and an id): the first bits of a key tell
// where it is, but for a few.
// Memory:   key, value and 6 bytes for each.   Threads:  find is thread-safe; the others by one thread, before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

class MemoryTable {
 public:
  // False, and nothing is added, for a key of less than 9 bytes, or of another length or first byte than the first one.
  // Requires: keys come in order; fewer than 2^32, less than 4 GiB of values.
  bool add(std::string_view key, std::string_view value);
  // What comes after all that is here.   False, and nothing is added, when its keys have another length or first byte.
  bool append(const MemoryTable& next);
  // Must be called when all is there, before the first find().
  void arrange();
  // Empty when there is none.
  std::string_view find(std::string_view key) const;
  size_t size() const { return ends_.size(); }

 private:
  std::string_view key(size_t number) const { return std::string_view(keys_).substr(number * key_bytes_, key_bytes_); }
  std::string_view value(size_t number) const;
  size_t key_bytes_ = 0;
  std::string keys_, values_;
  std::vector<uint32_t> ends_;   // of each value
  std::vector<uint32_t> guide_;  // by the first bits of a key: the first one that begins with these or higher ones; one more at the end
  int guide_shift_ = 0;
};

}  // namespace cairn
