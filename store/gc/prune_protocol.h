// A prune's side of the deletion protocol: rules G1 to G7 of docs/deletion.md, apart from all I/O.
//
// Threads:  one thread at a time.
#pragma once

#include "store/gc/gc_store.h"

namespace cairn {

struct PruneOutcome {
  uint64_t generation = 0;
  Condemned condemned;              // by the newest list, those that were deleted included
  std::set<PackId> fresh;           // of these, condemned by this run
  std::set<PackId> deleted;
  std::set<PackId> kept;            // condemned, but a snapshot needs them again
  std::vector<GcLease> waiting_for; // writers that began before: nothing was deleted
  uint64_t young = 0;               // packs no snapshot needs that may belong to somebody at work
  Marked marked;                    // as last seen
};

// Finds what nothing needs, condemns it, and deletes what is condemned as soon as no writer can rely on it any more.
PruneOutcome run_prune(PruneStore& store);

// What a list is to name after one that named `condemned`: what still exists of that, and what nothing needs and is older than every
// session at work.
Condemned next_condemned(const GcView& view, const std::vector<GcPack>& packs, const std::set<PackId>& needed,
                         int64_t oldest_session_ns, uint64_t* young);

}  // namespace cairn
