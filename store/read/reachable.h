// Everything that snapshots need, each thing once: a bit for each chunk that is reachable, where the index says it is.
//
// What several snapshots share is walked once: the bit of a tree object says that all beneath it was seen.
// Memory:   a bit for each chunk of the packs that are needed (2 MB for a TiB of 64 KiB chunks), 16 MB of ids met lately, and some
//           thousand ids on their way.
// Threads:  one thread at a time; objects are read on as many as the reader has.
#pragma once

#include <array>
#include <functional>
#include <map>

#include "store/read/bulk_reader.h"
#include "store/snapshot/manifest.h"
#include "store/tree/references.h"

namespace cairn {

class Reachable {
 public:
  // `index` and `reader` must outlive this.  The index must not be refreshed meanwhile.
  Reachable(const Index& index, BulkReader& reader) : index_(index), reader_(reader), lanes_(reader.lanes()) {}

  // Called now and then; may throw to stop.
  std::function<void()> check_interrupted = [] {};
  // Chunks that are in no pack that may be relied on count as missing.
  bool only_usable = false;

  // Marks what snapshots need.  kCorrupt, kNotFound: something is missing or can't be read; then everything seen so far is marked, and
  // a snapshot that shares with these may wrongly seem whole: ask for the good ones first.
  void add(std::span<const Manifest> snapshots);
  void add(const Manifest& snapshot) { add({&snapshot, 1}); }
  // The bases of delta frames in packs that are needed, and theirs.
  void add_bases();

  struct PackUse {
    std::vector<bool> chunks;       // by their place in the pack's chunk list
    uint64_t live_bytes = 0;        // plaintext
  };
  // By pack number, those with at least one bit.
  const std::map<uint32_t, PackUse>& packs() const { return packs_; }
  uint64_t objects() const { return objects_; }

 private:
  bool mark(const Location& at);
  void mark_chunks();
  void visit(const std::vector<ChunkId>& batch, std::vector<ChunkId>& more);
  [[noreturn]] void fail_missing(const ChunkId& id) const;
  // What the objects of one of the reader's lanes refer to.
  struct Lane {
    // Met lately, four in each place that their bytes say: most of a changed directory is as it was.  Half an id is enough to tell one
    // from another (two of 2^40 are alike with probability 2^-49).
    std::vector<std::array<std::array<uint64_t, 2>, 4>> seen;
    References fresh;               // not seen before, to be marked
    References of_object;
    bool met(const ChunkId& id);
  };
  void collect(Lane& lane, ByteView object, const std::string& name) const;
  const Index& index_;
  BulkReader& reader_;
  std::map<uint32_t, PackUse> packs_;
  std::vector<ChunkId> chunks_;     // waiting to be looked up together
  std::vector<Lane> lanes_;
  uint64_t objects_ = 0;
  bool failed_ = false;             // the last add() did not come to its end
};

}  // namespace cairn
