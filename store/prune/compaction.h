// Writes packs anew without what is dead in them: every frame opened, every chunk verified, then sealed again in new packs.
//
// Memory:   a frame a thread, the tables of the new packs, a chunk cache a thread for what delta frames rest on, the ids of what was
//           moved.
#pragma once

#include <set>
#include <vector>

#include "store/prune/prune.h"
#include "store/read/reachable.h"

namespace cairn {

struct CompactionPack {
  PackId id;
  ObjectType type = ObjectType::kDataPack;
  uint64_t size_bytes = 0;
  const Reachable::PackUse* use = nullptr;   // what of it is needed
  double live_share = 1;                     // of its plaintext
};

struct Moved {
  std::set<PackId> emptied;       // packs that hold nothing any more that isn't elsewhere
  std::vector<ChunkId> chunks;    // that were needed and are elsewhere now, of emptied packs and others
};

// Copies what is needed of these packs; new packs and their index segment are durable on return.  A pack with damage isn't among the
// emptied and is told in the report.   kNoSpace: nothing counts as moved.
Moved compact(Repository& repository, const std::vector<CompactionPack>& packs, int recompress_level, PruneProgress& progress, PruneReport& report);

}  // namespace cairn
