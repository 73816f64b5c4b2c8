// Directories of snapshots whose entries are found by name or by number: a mounted file is known by its directory and its number in it, so
// that nothing has to be remembered of a file that was looked at.
//
// Memory:   a cache of decoded tree objects of `cache_bytes`.
// Threads:  thread-safe.
#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "fuse/pinned_cache.h"
#include "fuse/reader_pool.h"
#include "store/tree/directory.h"

namespace cairn {

class TreeDirectories {
  using Node = std::variant<std::vector<Entry>, std::vector<DirectoryChild>>;
  using Nodes = PinnedCache<ChunkId, Node, IdHash>;

 public:
  TreeDirectories(ReaderPool& readers, size_t cache_bytes) : readers_(readers), nodes_(cache_bytes) {}

  // An entry where the cache holds it.
  class Place {
   public:
    Place(Nodes::Pin leaf, uint64_t first, size_t index) : leaf_(std::move(leaf)), first_(first), index_(index) {}
    const Entry& entry() const { return entries()[index_]; }
    uint64_t number() const { return first_ + index_; }
    // Goes on to the next entry; false when that is in another leaf, or nowhere.
    bool next() { return ++index_ < entries().size(); }

   private:
    const std::vector<Entry>& entries() const { return std::get<std::vector<Entry>>(*leaf_); }
    Nodes::Pin leaf_;
    uint64_t first_;   // number of the leaf's first entry in the directory
    size_t index_;
  };

  // nullopt: no such entry.   Errors: kCorrupt and what else ChunkReader meets.
  std::optional<Place> at(const ChunkId& directory, uint64_t number);
  std::optional<Place> find(const ChunkId& directory, std::string_view name);

 private:
  Nodes::Pin node(const ChunkId& id);
  ReaderPool& readers_;
  Nodes nodes_;
};

}  // namespace cairn
