// What is remembered of a copy: things of the source → what they are called in the destination.
//
// Memory:   bounded: two halves of `most` entries each; when one is full the older one is forgotten.  What was forgotten is only
//           brought once more, and found to be there.
// Threads:  thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>

#include "store/crypto/blake3.h"
#include "store/tree/entry.h"

namespace cairn {

template <class Value>
class IdMap {
 public:
  // Requires: most > 0.
  explicit IdMap(size_t most) : most_(most) {}

  std::optional<Value> find(const ChunkId& id) const {
    std::lock_guard lock(mu_);
    for (const auto* half : {&young_, &old_})
      if (auto found = half->find(id); found != half->end()) return found->second;
    return std::nullopt;
  }
  void put(const ChunkId& id, const Value& value) {
    std::lock_guard lock(mu_);
    if (young_.size() >= most_) {
      old_ = std::move(young_);
      young_ = {};
    }
    young_.insert_or_assign(id, value);
  }
  void clear() {
    std::lock_guard lock(mu_);
    young_ = {};
    old_ = {};
  }

 private:
  using Half = std::unordered_map<ChunkId, Value, IdHash>;
  size_t most_;
  mutable std::mutex mu_;
  Half young_, old_;   // guarded by mu_
};

// The three kinds of things that are known, each only while the destination is sure to keep what it stands for.
struct KnownIds {
  IdMap<ChunkId> chunks{256 << 10};        // none when the content is cut anew
  IdMap<ChunkId> objects{64 << 10};        // directories with all beneath them, catalogues, recipes
  IdMap<Content> contents{64 << 10};       // of whole files, by content_key()
  void clear() {
    chunks.clear();
    objects.clear();
    contents.clear();
  }
};

// Names a content of the source.   Requires: its kind is kChunks or kList.
inline ChunkId content_key(const Content& content) {
  if (content.kind == Content::Kind::kList) return content.list;
  Bytes bytes;
  for (const ChunkRef& ref : content.chunks) {
    bytes.insert(bytes.end(), ref.id.bytes.begin(), ref.id.bytes.end());
    for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<uint8_t>(ref.length_bytes >> shift));
  }
  return ChunkId{blake3(bytes)};
}

}  // namespace cairn
