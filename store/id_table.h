// Values by chunk id, numbered from 0 on in the order in which they came: a lookup costs one or two misses of the processor's caches, where
// an unordered_map takes three and more.
//
// Memory:   the value, 32 bytes, and 11 to 22 bytes of slots for each; fewer than 2^32 - 1 values.
// Threads:  const members are thread-safe; nobody else may be at work while one thread adds.
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
  using Number = uint32_t;
  static constexpr Number kNone = UINT32_MAX;

  // kNone when it isn't there.
  Number number(const ChunkId& id) const {
    if (slots_.empty()) return kNone;
    const uint32_t hash = hash_of(id);
    for (size_t at = hash & mask(); slots_[at].next != 0; at = (at + 1) & mask())
      if (slots_[at].hash == hash && items_[slots_[at].next - 1].first == id) return slots_[at].next - 1;
    return kNone;
  }
  // Its number, also when it was there before.
  Number add(const ChunkId& id) {
    if (const Number found = number(id); found != kNone) return found;
    if (4 * (items_.size() + 1) > 3 * slots_.size()) grow();
    items_.emplace_back(std::piecewise_construct, std::forward_as_tuple(id), std::forward_as_tuple());
    insert({hash_of(id), static_cast<Number>(items_.size())});
    return static_cast<Number>(items_.size() - 1);
  }
  // Made when there is none.  References stay valid for as long as the table lives.
  Value& operator[](const ChunkId& id) { return value(add(id)); }
  // nullptr when there is none.
  Value* find(const ChunkId& id) {
    const Number found = number(id);
    return found == kNone ? nullptr : &value(found);
  }
  // Requires: number < size().
  const ChunkId& id(Number number) const { return items_[number].first; }
  Value& value(Number number) { return items_[number].second; }
  const Value& value(Number number) const { return items_[number].second; }
  size_t size() const { return items_.size(); }
  size_t bytes() const { return items_.size() * sizeof(Item) + slots_.size() * sizeof(Slot); }

 private:
  using Item = std::pair<const ChunkId, Value>;
  struct Slot {
    uint32_t hash = 0, next = 0;   // the number of the item after it; 0: free
  };
  static constexpr size_t kFirstSlots = 64;

  static uint32_t hash_of(const ChunkId& id) { return static_cast<uint32_t>(IdHash()(id)); }
  size_t mask() const { return slots_.size() - 1; }
  void insert(const Slot& slot) {
    size_t at = slot.hash & mask();
    while (slots_[at].next != 0) at = (at + 1) & mask();
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? kFirstSlots : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.next != 0) insert(slot);
  }

  std::deque<Item> items_;
  std::vector<Slot> slots_;   // open addressing; a power of two, at most three quarters full
};

}  // namespace cairn
