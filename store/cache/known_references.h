// What tree objects refer to, as far as this machine has read them: what was gone through once needn't be read again.
//
// An object's id fixes its content, so nothing in here can become untrue: objects come and go, what one refers to stays.
//
// File:     sealed under K_cache, with "cairnrf1" and the repository's id as associated data: u32 kReferencesVersion | varint count of ids, the ids,
//           32 bytes each | varint count of lists, for each: varint number of its object, and the list (store/cache/reference_list.h).  A number is an
//           id's place among the ids.
// Trust:    it decides what is kept.  Only who has the repository's keys can make one; whoever rests on it reads a part of the objects again each
//           time and compares (Reachable::recheck).  Disposable: without it everything is read.
// Memory:   48 to 56 bytes an id, and some bytes for each change of a directory; never more than it is given.
// Threads:  const members are thread-safe; learn by one thread at a time, with nobody else at work.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "store/cache/reference_list.h"
#include "store/keys/keyring.h"
#include "store/tree/references.h"

namespace cairn {

class KnownReferences {
 public:
  using Number = uint32_t;   // of an id, from 0 to size()
  static constexpr Number kNone = UINT32_MAX;
  static constexpr size_t kMostBytes = 40 << 20;   // about 700,000 ids

  explicit KnownReferences(size_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}
  // What save() wrote; empty when there is none, or a damaged or another repository's one.
  KnownReferences(const std::string& path, const Keyring& keys, size_t most_bytes = kMostBytes);

  size_t size() const { return ids_.size(); }
  const ChunkId& id(Number number) const { return ids_[number]; }
  // kNone unless it is known what this object refers to.
  Number object(const ChunkId& id) const;
  bool knows(Number number) const { return list_at_[number] != 0; }
  size_t objects() const { return objects_; }

  // The object's number; kNone when there is no room: then nothing was kept.
  Number learn(const ChunkId& object, std::span<const ChunkId> objects, std::span<const ChunkId> chunks);
  // All that an object refers to; but when has_all(number) says so of one that it shares most with, only what isn't in that.
  // Requires: knows(object).
  template <class HasAll>
  void list(Number object, HasAll has_all, ReferenceList& out) const;
  // Is this what is known?   Requires: knows(object).
  bool agrees(Number object, const References& references) const;

  // Those of these objects (by number, for each a bit) that are known, in place of what was there.   kIo, kNoSpace.
  void save(const std::string& path, const Keyring& keys, const std::vector<bool>& which) const;

 private:
  bool decode(ByteView content);
  Bytes encode() const;   // with room for the nonce in front
  KnownReferences only(const std::vector<bool>& which) const;
  Number find(const ChunkId& id) const;
  Number intern(const ChunkId& id, Number guess = kNone);
  Number version_of(std::span<const ChunkId> objects, std::span<const ChunkId> chunks) const;
  void rehash(size_t slots);
  bool has_room(size_t references) const;
  void whole(Number object, ReferenceList& out) const;
  void keep(Number object, const ReferenceList& list, Number base, const ReferenceList& version);
  size_t bytes() const { return ids_.size() * (sizeof(ChunkId) + 2 * sizeof(uint32_t)) + slots_.size() * sizeof(Number) + lists_.size(); }
  Decoder at_list(Number object) const { return {ByteView(lists_).subspan(list_at_[object]), "references"}; }
  Number count() const { return static_cast<Number>(ids_.size()); }

  size_t most_bytes_;
  std::deque<ChunkId> ids_;         // a vector would hold up to three times as much while it grows
  std::vector<Number> slots_;       // open addressing by an id's first bytes: its number + 1, or 0; a power of two, half empty
  std::vector<uint32_t> list_at_;   // by number: where its list begins, or 0
  std::vector<Number> lister_;      // by number: the last object with a whole list that refers to it, or kNone
  Bytes lists_ = {0};               // the first byte is nobody's
  size_t objects_ = 0;
};

template <class HasAll>
void KnownReferences::list(Number object, HasAll has_all, ReferenceList& out) const {
  Decoder in = at_list(object);
  const ReferenceHead head = decode_head(in, object, count());
  ReferenceList base;
  const bool beyond = head.base && has_all(*head.base);
  if (head.base && !beyond) whole(*head.base, base);
  decode_rest(in, object, head, head.base && !beyond ? &base : nullptr, count(), out);
}

}  // namespace cairn
