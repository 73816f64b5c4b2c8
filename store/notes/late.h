// Which snapshots are late: their writer's lease was declared dead, and they weren't seen by the prune that did so before it deleted.
// Perhaps their chunks are gone.  docs/deletion.md has the protocol.
#pragma once

#include <map>
#include <unordered_set>

#include "store/gc/gc_list.h"

namespace cairn {

// Threads:  immutable after loading.
class LateSnapshots {
 public:
  // Reads all companions of the gc lists.  What can't be read goes to `problems`; what it said isn't known then.
  // `seen`: a listing with gc/.
  static LateSnapshots load(Backend& backend, const Keyring& keys, const FolderListing& seen, std::vector<std::string>* problems = nullptr);
  // Revoked in some generation whose accepted snapshots don't include it.  What a later generation accepts doesn't count: the chunks
  // may have been deleted between the two.
  bool late(const SnapshotId& snapshot, const LeaseId& lease) const;
  // The highest number of a gc list, 0 without.
  uint64_t generation() const { return generation_; }

 private:
  struct Run {
    std::unordered_set<LeaseId, IdHash> revoked;
    std::unordered_set<SnapshotId, IdHash> accepted;
  };
  uint64_t generation_ = 0;
  std::map<uint64_t, Run> runs_;   // by generation; only those that revoked something
};

}  // namespace cairn
