// From ids to small values: open addressing with linear probing, so that most questions touch one cache line where a
// std::unordered_map touches three.
//
// Memory:   an id, a value and a flag for each slot, of which between three eighths and three quarters are in use.
// Threads:  find is thread-safe; put by one thread, with nobody else at work.
#pragma once

#include <utility>
#include <vector>

#include "store/id.h"

namespace cairn {

template <class Value>
class IdTable {
 public:
  // nullptr when it isn't there; valid until the next put.
  const Value* find(const ChunkId& id) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[place(id)];
    return slot.used ? &slot.value : nullptr;
  }
  bool contains(const ChunkId& id) const { return find(id) != nullptr; }
  // In place of a value that was there.
  void put(const ChunkId& id, Value value) {
    if (4 * size_ >= 3 * slots_.size()) grow();
    Slot& slot = slots_[place(id)];
    size_ += !slot.used;
    slot = {id, std::move(value), true};
  }
  size_t size() const { return size_; }

 private:
  struct Slot {
    ChunkId id;
    Value value{};
    bool used = false;
  };
  // Where it is, or would be.
  size_t place(const ChunkId& id) const {
    size_t at = IdHash()(id) & (slots_.size() - 1);
    while (slots_[at].used && slots_[at].id != id) at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : 2 * slots_.size());
    old.swap(slots_);
    for (Slot& slot : old)
      if (slot.used) slots_[place(slot.id)] = std::move(slot);
  }
  std::vector<Slot> slots_;   // a power of two of them, or none
  size_t size_ = 0;
};

}  // namespace cairn
