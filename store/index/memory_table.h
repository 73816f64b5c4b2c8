// Sorted keys of one length and their values, packed into three arrays: for looking up many keys of a small database, at a tenth
// of what the database takes for it.
//
// Keys must differ uniformly in their bytes after the first (a kind and an id): a key is looked for about where it should be.
// Memory:   key, value and 4 bytes for each.   Threads:  find is thread-safe; add by one thread, before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

class MemoryTable {
 public:
  // False, and nothing is added, for a key of less than 9 bytes or of another length than the first one.
  // Requires: keys come in order; fewer than 2^32, less than 4 GiB of values.
  bool add(std::string_view key, std::string_view value);
  // What comes after all that is here.   False, and nothing is added, when its keys have another length.
  bool append(const MemoryTable& next);
  // Empty when there is none.
  std::string_view find(std::string_view key) const;
  size_t size() const { return ends_.size(); }

 private:
  std::string_view key(size_t number) const { return std::string_view(keys_).substr(number * key_bytes_, key_bytes_); }
  std::string_view value(size_t number) const;
  size_t key_bytes_ = 0;
  std::string keys_, values_;
  std::vector<uint32_t> ends_;   // of each value
};

}  // namespace cairn
