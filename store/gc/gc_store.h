// What the deletion protocol does to a repository, one step at a time.  The protocol (write_protocol.h, prune_protocol.h) decides, this
// acts; the simulator of the tests puts other writers, prunes, crashes and sleeps between any two calls.
//
// docs/deletion.md says why each step is where it is.
// Errors:   those of the backend; anything thrown ends the run, as a crash at that place would.
// Threads:  one thread at a time.
#pragma once

#include <set>
#include <vector>

#include "store/gc/gc_list.h"
#include "store/lease/lease.h"

namespace cairn {

// A lease that hasn't ended.
struct GcLease {
  LeaseId id;
  bool writer = true;             // one that can't be read is taken for a writer's, joining
  bool joining = true;
  uint64_t generation = 0;
  int64_t started_ns = INT64_MIN; // by the storage's clock; INT64_MIN: not known
  bool stale = false;             // not renewed for long, or declared dead by a prune
};

struct GcPack {
  PackId id;
  int64_t written_ns = 0;         // by the storage's clock
};

// The newest gc list.
struct GcView {
  uint64_t generation = 0;        // 0: there is none
  Condemned condemned;
};

class GcStore {
 public:
  virtual ~GcStore() = default;

  // A lease of our own, joining; then with the generation of the list that was read.
  virtual LeaseId join(LeaseRecord::Kind kind) = 0;
  virtual void activate(const LeaseId& lease, uint64_t generation) = 0;
  // False once a renewal failed or its file is gone.
  virtual bool alive(const LeaseId& lease) = 0;
  virtual bool revoked(const LeaseId& lease) = 0;
  // May something be committed under this lease and generation?  What the three steps say, in whatever order or at once.
  virtual bool standing(const LeaseId& lease, uint64_t generation) {
    return alive(lease) && newest().generation == generation && !revoked(lease);
  }
  // All that any prune declared dead.
  virtual std::set<LeaseId> revoked_leases() = 0;
  virtual void end(const LeaseId& lease) noexcept = 0;

  virtual std::vector<GcLease> leases() = 0;
  virtual GcView newest() = 0;
  virtual std::vector<GcPack> packs() = 0;
};

// What a prune found that snapshots need.
struct Marked {
  struct Snapshot {
    SnapshotId id;
    LeaseId lease;
    bool whole = true;   // all it needs is there
  };
  std::vector<Snapshot> snapshots;
  std::set<PackId> needed;
};

class PruneStore : public GcStore {
 public:
  // Lists the snapshots, then looks where everything they need is.  Of several packs with one chunk it takes one that isn't condemned,
  // else the one condemned last, else the one with the lowest id: two prunes must not each rely on what the other deletes.
  // kCorrupt when something a snapshot needs is in no pack: then nothing may be deleted.  Of late snapshots that is no error.
  virtual Marked mark(const Condemned& condemned) = 0;
  // Copies what is needed out of packs that are mostly dead into new ones, durable and indexed on return.  The packs it emptied.
  virtual std::set<PackId> compact(const GcView& view, const Marked& marked) = 0;

  // False when that number is taken.
  virtual bool put_list(uint64_t generation, const Condemned& condemned) = 0;
  virtual bool put_revoked(uint64_t generation, const std::set<LeaseId>& leases) = 0;
  virtual bool put_accepted(uint64_t generation, const std::vector<SnapshotId>& snapshots) = 0;

  // Takes packs out of the index, then away, in any order.
  virtual void drop_from_index(const std::set<PackId>& packs) = 0;
  virtual void remove(const std::set<PackId>& packs) = 0;
};

}  // namespace cairn
