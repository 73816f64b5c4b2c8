// A prune's steps on a real repository: what snapshots need, moving it out of packs that are mostly dead, taking packs away.
//
// Memory:   a bit for each chunk that is needed, what is known of tree objects (KnownReferences), the snapshots' manifests, the tables of index
//           segments one at a time.
// Threads:  one thread at a time.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "store/gc/on_repository.h"
#include "store/prune/compaction.h"
#include "store/prune/prune.h"
#include "store/read/reachable.h"

namespace cairn {

class Pruner final : public OnRepository<PruneStore> {
 public:
  Pruner(Repository& repository, const PruneOptions& options, PruneProgress& progress, PruneReport& report);

  // kLocked when the storage's clock and ours are too far apart.
  LeaseId join(LeaseRecord::Kind kind) override;
  void activate(const LeaseId& lease, uint64_t generation) override;
  GcView newest() override;
  std::vector<GcPack> packs() override;
  Marked mark(const Condemned& condemned) override;
  std::set<PackId> compact(const GcView& view, const Marked& marked) override;
  bool put_list(uint64_t generation, const Condemned& condemned) override;
  bool put_revoked(uint64_t generation, const std::set<LeaseId>& leases) override;
  bool put_accepted(uint64_t generation, const std::vector<SnapshotId>& snapshots) override;
  void drop_from_index(const std::set<PackId>& packs) override;
  void remove(const std::set<PackId>& packs) override;

  // By the last listing.
  uint64_t size_bytes(const PackId& pack) const;

  // Packs that mark() would have written anew.
  std::vector<CompactionPack> candidates(const GcView& view) const;
  // What had no room before the packs went.
  void finish_index();

 private:
  bool create(const GcList& list);
  bool nothing_new(const std::vector<Manifest>& snapshots) const;
  // Takes into `marked_` where what was moved is now.  False when not all of it is in packs that may be relied on: then only a new mark can tell.
  bool follow_moved(const Condemned& condemned);
  // As mark(), but what is missing may have been taken away rightly since the snapshots were listed.
  Marked look(const Condemned& condemned);
  Reachable& start_marking();
  // What was learned about needed objects is kept for the next time.  False when what was kept before turned out to be wrong: it is thrown away.
  bool keep_known();
  // Snapshots that came in time: what they need must be there.
  void mark_whole(std::span<const Manifest> snapshots);
  // False: something that it needs is missing.
  bool mark_late(const Manifest& snapshot);
  Repository& repository_;
  const PruneOptions& options_;
  PruneProgress& progress_;
  PruneReport& report_;
  const std::string known_path_;
  KnownReferences known_;
  size_t known_before_;                        // objects that were known at the beginning
  std::optional<BulkReader> reader_;
  std::optional<Reachable> reachable_;         // of the last mark
  Marked marked_;                              // what it found
  Moved moved_;                                // since then
  std::map<PackId, uint64_t> sizes_;           // of the last listing
  std::set<PackId> drop_later_;
};

}  // namespace cairn
