// Values by chunk id: a lookup costs one or two misses of the processor's caches, where an unordered_map takes three and more.
//
// Memory:   the value, 32 bytes, and 16 to 32 bytes of slots for each; fewer than 2^32 values.
// Threads:   find is thread-safe while nothing is added.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "store/id.h"

namespace cairn {

template <class Value>
class IdTable {
 public:
  // nullptr when there is none.
  Value* find(const ChunkId& id) {
    const uint32_t hash = hash_of(id);
    for (size_t at = hash & mask(); !slots_.empty() && slots_[at].number != 0; at = (at + 1) & mask())
      if (slots_[at].hash == hash && items_[slots_[at].number - 1].first == id) return &items_[slots_[at].number - 1].second;
    return nullptr;
  }
  // Made when there is none.  References stay valid for as long as the table lives.
  Value& operator[](const ChunkId& id) {
    if (Value* found = find(id)) return *found;
    if (2 * (items_.size() + 1) > slots_.size()) grow();
    Item& item = items_.emplace_back(std::piecewise_construct, std::forward_as_tuple(id), std::forward_as_tuple());
    insert({hash_of(id), static_cast<uint32_t>(items_.size())});
    return item.second;
  }
  size_t size() const { return items_.size(); }

 private:
  using Item = std::pair<const ChunkId, Value>;
  struct Slot {
    uint32_t hash = 0, number = 0;   // of the item, from 1 on; 0: free
  };
  static constexpr size_t kFirstSlots = 64;

  static uint32_t hash_of(const ChunkId& id) { return static_cast<uint32_t>(IdHash()(id)); }
  size_t mask() const { return slots_.size() - 1; }
  void insert(const Slot& slot) {
    size_t at = slot.hash & mask();
    while (slots_[at].number != 0) at = (at + 1) & mask();
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? kFirstSlots : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.number != 0) insert(slot);
  }

  std::deque<Item> items_;
  std::vector<Slot> slots_;   // open addressing; a power of two, at most half full
};

}  // namespace cairn
