// Writers, prunes, crashes and sleeps over one repository that is nothing but sets, in an order that a seed or a search decides.
// What runs is the protocol itself (store/gc/write_protocol.h, prune_protocol.h); only what it acts on is made up.
//
// After every step: each snapshot that is there, and isn't late, and each that was called saved and not forgotten, has all its chunks.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "store/gc/prune_protocol.h"
#include "store/gc/write_protocol.h"
#include "tests/store/fiber.h"

namespace cairn {

// One rule of the protocol left out, to see that the simulator notices.
enum class Mutant {
  kNone,
  kNotRevoked,         // a writer never learns that it was declared dead
  kOneListing,         // a prune relies on its first listing of snapshots
  kListOverwritten,    // two prunes may write one number
  kNothingCarried,     // a list forgets what the one before named
  kTieByNumber,        // two prunes may each keep another copy of a chunk
  kLateIsGood,         // no late rule
  kRevokeAfterListing, // leases are declared dead after the last listing
  kRevokedOnce,        // a prune doesn't declare dead what an earlier one has
  kRevokedWhileThere,  // it does as long as the lease's file is there
};

struct World {
  using Chunk = int;
  struct Pack {
    std::set<Chunk> chunks;
    int64_t written_ns = 0;
  };
  struct Lease {
    bool writer = true, joining = true, expired = false;
    uint64_t generation = 0;
    int64_t started_ns = 0;
  };
  struct Snapshot {
    LeaseId lease;
    std::set<Chunk> chunks;
    bool saved = false;   // its writer was told so
  };
  Mutant mutant = Mutant::kNone;
  int64_t now_ns = 1;
  uint32_t next_id = 1;
  std::map<PackId, Pack> packs;
  std::map<LeaseId, Lease> leases;
  std::map<SnapshotId, Snapshot> snapshots;
  std::map<uint64_t, Condemned> lists;
  std::map<uint64_t, std::set<LeaseId>> revoked;
  std::map<uint64_t, std::set<SnapshotId>> accepted;
  uint64_t saved = 0, deleted = 0, overtaken = 0, compacted = 0;

  template <class AnyId>
  AnyId fresh_id() {
    AnyId id;
    uint32_t number = next_id++;
    for (int i = 0; i < 4; ++i) id.bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(number >> (24 - 8 * i));
    return id;
  }
  PackId add_pack(std::set<Chunk> chunks) {
    auto id = fresh_id<PackId>();
    packs[id] = {std::move(chunks), now_ns};
    return id;
  }
  bool is_revoked(const LeaseId& lease) const;
  bool late(const SnapshotId& id, const Snapshot& snapshot) const;
  // What is lost, in words; "" when all is well.
  std::string loss() const;
};

// The steps of one actor; every one of them lets the others go first.
class SimulatedStore final : public PruneStore {
 public:
  SimulatedStore(World& world, std::function<void()> step, std::mt19937_64& random) : world_(world), step_(std::move(step)), random_(random) {}

  LeaseId join(LeaseRecord::Kind kind) override;
  void activate(const LeaseId& lease, uint64_t generation) override;
  bool alive(const LeaseId& lease) override;
  bool revoked(const LeaseId& lease) override;
  bool standing(const LeaseId& lease, uint64_t generation) override;
  std::set<LeaseId> revoked_leases() override;
  void end(const LeaseId& lease) noexcept override;
  std::vector<GcLease> leases() override;
  GcView newest() override;
  std::vector<GcPack> packs() override;
  Marked mark(const Condemned& condemned) override;
  std::set<PackId> compact(const GcView& view, const Marked& marked) override;
  bool put_list(uint64_t generation, const Condemned& condemned) override;
  bool put_revoked(uint64_t generation, const std::set<LeaseId>& leases) override;
  bool put_accepted(uint64_t generation, const std::vector<SnapshotId>& snapshots) override;
  void drop_from_index(const std::set<PackId>& packs) override;
  void remove(const std::set<PackId>& packs) override;

  // A writer's steps that aren't the protocol's.
  std::map<PackId, World::Pack> load_index();
  PackId upload(const std::set<World::Chunk>& chunks);
  // What a prune does when it is done: leases that were declared dead go, as store/prune/prune.cc has it.
  void tidy_up();
  void put_snapshot(const SnapshotId& id, const LeaseId& lease, const std::set<World::Chunk>& chunks);
  bool chance(int percent) { return random_() % 100 < static_cast<unsigned>(percent); }
  std::mt19937_64& random() { return random_; }
  bool compacts = true;

 private:
  World& world_;
  std::function<void()> step_;
  std::mt19937_64& random_;
  std::optional<std::vector<std::pair<SnapshotId, World::Snapshot>>> first_listing_;   // of kOneListing
  std::set<LeaseId> held_back_;                                                     // of kRevokeAfterListing
};

// What a backup does: takes what it wants, relies on what is there, uploads the rest, commits.  Comes back when it is saved, or was
// overtaken three times.
void simulate_backup(World& world, SimulatedStore& store, const std::set<World::Chunk>& wanted);

struct Simulation {
  int writers = 2, prunes = 2;
  bool forgets = true, crashes = true, expiries = true;
  Mutant mutant = Mutant::kNone;
};
struct SimulationResult {
  std::string loss;          // "" when nothing was lost
  std::string steps;         // who went, in order: one letter a step
  uint64_t saved = 0, deleted = 0, overtaken = 0, compacted = 0;
};
// One run, all of it decided by the seed.
SimulationResult simulate(uint64_t seed, const Simulation& what);

// The run that these steps describe, as in SimulationResult: a small letter is a step of an actor (writers come first), a capital its crash,
// '-' forgets the first snapshot, '!' lets the first lease expire.  Steps of actors that have ended are passed over.
SimulationResult replay(std::string_view steps, const Simulation& what);

// All orders of a small run in which the turn goes to another actor at most `most_switches` times before its actor ends.  The number of
// runs; the first loss ends it.
struct SearchResult {
  uint64_t runs = 0;
  SimulationResult found;
};
SearchResult search(const Simulation& what, int most_switches, uint64_t most_runs);

}  // namespace cairn
