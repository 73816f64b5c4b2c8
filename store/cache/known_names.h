// Which names the objects of directories hold, as far as this machine has read them: where no name is wanted nothing needs to be read.
//
// An object's id fixes its content, so nothing in here can become untrue.  Versions of a directory mostly have the same names: those are kept once.
//
// File:     sealed under K_cache, with "cairnfn1" and the repository's id as associated data: u32 kNamesVersion | varint count of lists, each as bytes
//           (names and types of a leaf, FORMAT.md "Directory") | varint count of ids, the ids | for each: varint 0 when its names aren't known, 1 for a
//           branch, else 2 + number of its list; unless 0, varint count of children, each as zigzag(number - the one before; at first - its own).
//           A number is a place among the lists or the ids.  Children: the directories of a leaf, in order; all of a branch.
// Trust:    only who has the repository's keys can make one.  What is damaged in the repository isn't noticed by who asks here (check does).  Disposable.
// Memory:   about 70 bytes an object, the lists, 4 bytes a child; what is kept is never more than it is given.  Ids that were only numbered
//           come on top.
// Threads:  const members are thread-safe; nobody else may be at work while one thread learns.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/id_table.h"
#include "store/keys/keyring.h"

namespace cairn {

class KnownNames {
 public:
  using Number = uint32_t;
  static constexpr Number kNone = UINT32_MAX, kBranch = UINT32_MAX - 1;
  static constexpr size_t kMostBytes = 32 << 20;

  explicit KnownNames(size_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}
  // What save() wrote; empty when there is none, or a damaged or another repository's one.
  KnownNames(const std::string& path, const Keyring& keys, size_t most_bytes = kMostBytes);

  // Objects have numbers from 0 on, whether it is known what they hold or not: kNone when this one has none yet.
  Number number(const ChunkId& id) const { return table_.number(id); }
  // Its number, also when it had one before.
  Number add(const ChunkId& id) { return table_.add(id); }
  const ChunkId& id(Number object) const { return table_.id(object); }
  bool knows(Number object) const { return table_.value(object).list != kNone; }
  // Of a known object: its list, or kBranch.
  Number list_of(Number object) const { return table_.value(object).list; }
  size_t child_count(Number object) const { return table_.value(object).children; }
  Number child(Number object, size_t place) const { return children_[table_.value(object).first_child + place]; }
  // Somebody asked for it in this run: it stays when there is no room for all.
  void touch(Number object) { table_.value(object).touched = true; }

  size_t lists() const { return lists_.size(); }
  ByteView list(Number number) const { return lists_[number]; }
  // kNone when no known object has exactly these names and types.
  Number find_list(ByteView names) const;
  // Its number, also when it was there before; kNone when there is no room.
  Number add_list(ByteView names);

  // `list`: a number, or kBranch.  Nothing is kept when there is no room.
  void learn(Number object, Number list, std::span<const Number> children);
  // Objects learned since it was made.
  size_t learned() const { return learned_; }
  size_t objects() const { return objects_; }

  // All that is known; when there was no room for something, what was touched or learned in this run.   kIo, kNoSpace.
  void save(const std::string& path, const Keyring& keys) const;

 private:
  struct Object {
    Number list = kNone;
    uint32_t first_child = 0, children : 31 = 0, touched : 1 = 0;
  };
  bool decode(ByteView content);
  Bytes encode() const;   // with room for the nonce in front
  KnownNames only_touched() const;
  void keep(Number object, Number list, std::span<const Number> children);
  bool has_room(size_t more_bytes);

  size_t most_bytes_, list_bytes_ = 0, learned_ = 0, objects_ = 0;
  bool full_ = false;
  IdTable<Object> table_;
  std::vector<Number> children_;
  std::deque<Bytes> lists_;
  std::unordered_multimap<uint64_t, Number> by_look_;   // lists by some of their bytes
};

}  // namespace cairn
