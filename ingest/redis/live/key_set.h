// Which names were there already: 64-bit hashes under a random key, in an open table that is at most two thirds full.
//
// Memory:   12 to 24 bytes a name; half as much again while it grows.
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "store/bytes.h"
#include "store/crypto/blake3.h"
#include "store/crypto/sodium.h"

namespace cairn {

class KeySet {
 public:
  KeySet() { random_fill(key_); }

  // False when the name, or by chance one with the same hash, was inserted before.
  bool insert(std::string_view name) {
    if (3 * (count_ + 1) > 2 * table_.size()) grow();
    uint64_t hash = 0;
    const Blake3Hash whole = blake3_keyed(key_, view(name));
    std::memcpy(&hash, whole.data(), sizeof hash);
    uint64_t& slot = find(table_, hash == kEmpty ? 1 : hash);
    if (slot != kEmpty) return false;
    slot = hash == kEmpty ? 1 : hash;
    ++count_;
    return true;
  }
  void clear() {
    table_ = {};
    count_ = 0;
  }

 private:
  static constexpr uint64_t kEmpty = 0;

  // Requires: a power of two, not full.
  static uint64_t& find(std::vector<uint64_t>& table, uint64_t hash) {
    size_t at = hash & (table.size() - 1);
    while (table[at] != kEmpty && table[at] != hash) at = (at + 1) & (table.size() - 1);
    return table[at];
  }
  void grow() {
    std::vector<uint64_t> larger(table_.empty() ? 1024 : 2 * table_.size());
    for (const uint64_t hash : table_) {
      if (hash != kEmpty) find(larger, hash) = hash;
    }
    table_ = std::move(larger);
  }

  Blake3Key key_{};
  std::vector<uint64_t> table_;
  size_t count_ = 0;
};

}  // namespace cairn
