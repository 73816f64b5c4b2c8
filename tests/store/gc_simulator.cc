#include "tests/store/gc_simulator.h"

#include <algorithm>

namespace cairn {

namespace {

struct Crash {};   // not an Error: nobody catches it on the way

// Prefers by the rule of PruneStore::mark.
bool better(const World& world, const Condemned& condemned, const PackId& a, const PackId& b) {
  auto since = [&](const PackId& pack) {
    auto found = condemned.find(pack);
    return found == condemned.end() ? UINT64_MAX : found->second;
  };
  if (world.mutant == Mutant::kTieByNumber) return false;   // whichever comes first
  return since(a) != since(b) ? since(a) > since(b) : a < b;
}

}  // namespace

bool World::is_revoked(const LeaseId& lease) const {
  return std::ranges::any_of(revoked, [&](const auto& entry) { return entry.second.contains(lease); });
}

bool World::late(const SnapshotId& id, const Snapshot& snapshot) const {
  if (mutant == Mutant::kLateIsGood) return false;
  for (const auto& [generation, leases_of] : revoked) {
    auto found = accepted.find(generation);
    if (leases_of.contains(snapshot.lease) && (found == accepted.end() || !found->second.contains(id))) return true;
  }
  return false;
}

std::string World::loss() const {
  std::set<Chunk> there;
  for (const auto& [id, pack] : packs) there.insert(pack.chunks.begin(), pack.chunks.end());
  for (const auto& [id, snapshot] : snapshots) {
    if (!snapshot.saved && late(id, snapshot)) continue;
    for (Chunk chunk : snapshot.chunks)
      if (!there.contains(chunk))
        return std::string(snapshot.saved ? "saved" : "visible") + " snapshot " + id.hex().substr(0, 8) + " lost chunk " + std::to_string(chunk);
  }
  return "";
}

LeaseId SimulatedStore::join(LeaseRecord::Kind kind) {
  auto id = world_.fresh_id<LeaseId>();
  const bool writer = kind == LeaseRecord::Kind::kWriter;
  step_();
  world_.leases[id] = {writer, true, false, 0, world_.now_ns};
  return id;
}
void SimulatedStore::activate(const LeaseId& lease, uint64_t generation) {
  step_();
  auto found = world_.leases.find(lease);
  if (found == world_.leases.end()) return;
  found->second.joining = false;
  found->second.generation = generation;
}
bool SimulatedStore::alive(const LeaseId& lease) {
  step_();
  return world_.leases.contains(lease);
}
bool SimulatedStore::revoked(const LeaseId& lease) {
  step_();
  return world_.mutant != Mutant::kNotRevoked && world_.is_revoked(lease);
}
// In any order: a listing of everything has none.
bool SimulatedStore::standing(const LeaseId& lease, uint64_t generation) {
  std::array<int, 3> order{0, 1, 2};
  for (int64_t turns = world_.now_ns % 6; turns > 0; --turns) std::ranges::next_permutation(order);
  return std::ranges::all_of(order, [&](int question) {
    return question == 0 ? alive(lease) : question == 1 ? newest().generation == generation : !revoked(lease);
  });
}
void SimulatedStore::end(const LeaseId& lease) noexcept { world_.leases.erase(lease); }   // no step: it may run while an exception passes

std::set<LeaseId> SimulatedStore::revoked_leases() {
  step_();
  std::set<LeaseId> out;
  if (world_.mutant == Mutant::kRevokedOnce || world_.mutant == Mutant::kRevokedWhileThere) return out;
  for (const auto& [generation, leases] : world_.revoked) out.insert(leases.begin(), leases.end());
  return out;
}

std::vector<GcLease> SimulatedStore::leases() {
  step_();
  std::vector<GcLease> out;
  for (const auto& [id, lease] : world_.leases)
    if (world_.mutant != Mutant::kRevokedOnce || !world_.is_revoked(id))
      out.push_back({id, lease.writer, lease.joining, lease.generation, lease.started_ns, lease.expired || world_.is_revoked(id)});
  return out;
}
GcView SimulatedStore::newest() {
  step_();
  if (world_.lists.empty()) return {};
  return {world_.lists.rbegin()->first, world_.lists.rbegin()->second};
}
std::vector<GcPack> SimulatedStore::packs() {
  step_();
  std::vector<GcPack> out;
  for (const auto& [id, pack] : world_.packs)
    if (pack.written_ns + 2 < world_.now_ns || !chance(10)) out.push_back({id, pack.written_ns});   // what has just come may be missing
  return out;
}

Marked SimulatedStore::mark(const Condemned& condemned) {
  step_();
  std::vector<std::pair<SnapshotId, World::Snapshot>> listed(world_.snapshots.begin(), world_.snapshots.end());
  if (world_.mutant == Mutant::kOneListing) {
    if (!first_listing_) first_listing_ = listed;
    listed = *first_listing_;
  }
  step_();   // the index comes after the snapshots
  Marked marked;
  for (const auto& [id, snapshot] : listed) {
    marked.snapshots.push_back({id, snapshot.lease, true});
    for (World::Chunk chunk : snapshot.chunks) {
      std::optional<PackId> best;
      for (const auto& [pack, content] : world_.packs)
        if (content.chunks.contains(chunk) && (!best || better(world_, condemned, pack, *best) ||
                                               (world_.mutant == Mutant::kTieByNumber && chance(50))))
          best = pack;
      if (best) marked.needed.insert(*best);
      else if (world_.snapshots.contains(id) && !world_.late(id, snapshot)) throw Error(ErrorCode::kCorrupt, "a chunk is missing");
      else marked.snapshots.back().whole = false;
    }
  }
  if (!held_back_.empty()) {
    world_.revoked[world_.lists.rbegin()->first].insert(held_back_.begin(), held_back_.end());
    held_back_.clear();
  }
  return marked;
}

std::set<PackId> SimulatedStore::compact(const GcView& view, const Marked& marked) {
  std::set<PackId> emptied;
  if (!compacts) return emptied;
  std::set<World::Chunk> live;
  for (const auto& snapshot : marked.snapshots)
    if (auto found = world_.snapshots.find(snapshot.id); found != world_.snapshots.end()) live.insert(found->second.chunks.begin(), found->second.chunks.end());
  for (const PackId& id : marked.needed) {
    auto pack = world_.packs.find(id);
    if (pack == world_.packs.end()) continue;
    if (!view.condemned.contains(id) && !chance(40)) continue;
    std::set<World::Chunk> moved;
    for (World::Chunk chunk : pack->second.chunks)
      if (live.contains(chunk)) moved.insert(chunk);
    step_();
    world_.add_pack(moved);
    ++world_.compacted;
    emptied.insert(id);
  }
  return emptied;
}

bool SimulatedStore::put_list(uint64_t generation, const Condemned& condemned) {
  step_();
  Condemned list = condemned;
  if (world_.mutant == Mutant::kNothingCarried) std::erase_if(list, [&](const auto& entry) { return entry.second != generation; });
  if (world_.mutant == Mutant::kListOverwritten) return world_.lists[generation] = list, true;
  return world_.lists.emplace(generation, list).second;
}
bool SimulatedStore::put_revoked(uint64_t generation, const std::set<LeaseId>& leases) {
  step_();
  if (world_.mutant == Mutant::kRevokeAfterListing) return held_back_ = leases, true;
  return world_.revoked.emplace(generation, leases).second;
}
bool SimulatedStore::put_accepted(uint64_t generation, const std::vector<SnapshotId>& snapshots) {
  step_();
  return world_.accepted.emplace(generation, std::set<SnapshotId>(snapshots.begin(), snapshots.end())).second;
}
void SimulatedStore::drop_from_index(const std::set<PackId>&) { step_(); }
void SimulatedStore::remove(const std::set<PackId>& packs) {
  for (const PackId& pack : packs) {
    step_();
    world_.deleted += world_.packs.erase(pack);
  }
}

std::map<PackId, World::Pack> SimulatedStore::load_index() {
  step_();
  return world_.packs;
}
PackId SimulatedStore::upload(const std::set<World::Chunk>& chunks) {
  step_();
  return world_.add_pack(chunks);
}
void SimulatedStore::tidy_up() {
  step_();
  std::erase_if(world_.leases, [&](const auto& entry) { return world_.is_revoked(entry.first); });
}
void SimulatedStore::put_snapshot(const SnapshotId& id, const LeaseId& lease, const std::set<World::Chunk>& chunks) {
  step_();
  world_.snapshots[id] = {lease, chunks, false};
}

void simulate_backup(World& world, SimulatedStore& store, const std::set<World::Chunk>& wanted) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    bool overtaken = false;
    try {
      WriteProtocol protocol(store);
      std::map<PackId, World::Pack> index = store.load_index();
      protocol.activate();
      auto missing = [&](const std::map<PackId, World::Pack>& packs, const GcView& view) {
        std::set<World::Chunk> out = wanted;
        for (const auto& [id, pack] : packs)
          if (!view.condemned.contains(id)) for (World::Chunk chunk : pack.chunks) out.erase(chunk);
        return out;
      };
      for (World::Chunk chunk : missing(index, protocol.view())) store.upload({chunk});
      auto id = world.fresh_id<SnapshotId>();
      protocol.commit([&](const GcView& view) { return missing(store.load_index(), view).empty(); },
                      [&](const LeaseId& lease, uint64_t) { store.put_snapshot(id, lease, wanted); });
      if (auto found = world.snapshots.find(id); found != world.snapshots.end()) found->second.saved = true;
      ++world.saved;
      return;
    } catch (const Overtaken&) {
      overtaken = true;
    } catch (const Error&) {
    }
    if (!overtaken) return;
    ++world.overtaken;
  }
}

namespace {

// The actors of a run, and whose turn it is.
class Stage {
 public:
  Stage(const Simulation& what, uint64_t seed) : random_(seed), what_(what) {
    world_.mutant = what.mutant;
    world_.packs[world_.fresh_id<PackId>()] = {{0, 1}, 0};
    world_.packs[world_.fresh_id<PackId>()] = {{2}, 0};
    world_.snapshots[world_.fresh_id<SnapshotId>()] = {world_.fresh_id<LeaseId>(), {0, 1, 2}, true};
    world_.now_ns = 10;
    for (int i = 0; i < what.writers; ++i) {
      std::set<World::Chunk> wanted{i == 0 ? 0 : static_cast<int>(random_() % 3), 3 + i};
      if (random_() % 2) wanted.insert(1);
      add([this, wanted](SimulatedStore& store) { simulate_backup(world_, store, wanted); });
    }
    for (int i = 0; i < what.prunes; ++i)
      add([](SimulatedStore& store) {
        try {
          run_prune(store);
          store.tidy_up();
        } catch (const Error&) {   // something is missing, or others are faster
        }
      });
  }
  ~Stage() {
    for (size_t i = 0; i < actors_.size(); ++i)
      if (!actors_[i]->fiber->ended()) crash(i);
  }

  size_t count() const { return actors_.size(); }
  bool runnable(size_t i) const { return !actors_[i]->fiber->ended(); }
  void step(size_t i) {
    world_.now_ns += 1;
    steps_ += static_cast<char>('a' + i);
    actors_[i]->fiber->resume();
  }
  // The process dies where it stands; its lease stays.
  void crash(size_t i) {
    steps_ += static_cast<char>('A' + i);
    actors_[i]->crashes = true;
    auto leases = world_.leases;
    actors_[i]->fiber->resume();
    world_.leases = leases;
  }
  void forget(size_t n) {
    if (world_.snapshots.empty()) return;
    steps_ += '-';
    world_.snapshots.erase(std::next(world_.snapshots.begin(), static_cast<long>(n % world_.snapshots.size())));
  }
  void expire(size_t n) {
    if (world_.leases.empty()) return;
    steps_ += '!';
    std::next(world_.leases.begin(), static_cast<long>(n % world_.leases.size()))->second.expired = true;
  }
  World& world() { return world_; }
  std::mt19937_64& random() { return random_; }
  SimulationResult result(std::string loss) const {
    return {std::move(loss), steps_, world_.saved, world_.deleted, world_.overtaken, world_.compacted};
  }

 private:
  struct Actor {
    std::unique_ptr<SimulatedStore> store;
    std::unique_ptr<Fiber> fiber;
    bool crashes = false;
  };
  template <class Run>
  void add(Run run) {
    auto actor = std::make_unique<Actor>();
    Actor* self = actor.get();
    actor->store = std::make_unique<SimulatedStore>(world_, [self] {
      self->fiber->leave();
      if (self->crashes) throw Crash();
    }, random_);
    actor->fiber = std::make_unique<Fiber>([self, run] {
      try {
        if (!self->crashes) run(*self->store);
      } catch (const Crash&) {
      }
    });
    actors_.push_back(std::move(actor));
  }
  World world_;
  std::mt19937_64 random_;
  Simulation what_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::string steps_;
};

}  // namespace

SimulationResult simulate(uint64_t seed, const Simulation& what) {
  Stage stage(what, seed);
  std::mt19937_64& random = stage.random();
  const auto switches = 5 + random() % 60;   // per cent of steps after which another actor may go
  size_t at = 0;
  for (;;) {
    std::vector<size_t> able;
    for (size_t i = 0; i < stage.count(); ++i)
      if (stage.runnable(i)) able.push_back(i);
    if (able.empty()) break;
    if (!stage.runnable(at) || random() % 100 < switches) at = able[random() % able.size()];
    const auto event = random() % 100;
    if (what.forgets && event < 4) stage.forget(random());
    else if (what.expiries && event < 9) stage.expire(random());
    else if (what.crashes && event < 10) stage.crash(at);
    else stage.step(at);
    if (std::string loss = stage.world().loss(); !loss.empty()) return stage.result(loss);
  }
  return stage.result("");
}

SimulationResult replay(std::string_view steps, const Simulation& what) {
  Stage stage(what, 1);
  for (char step : steps) {
    if (step == '-') stage.forget(0);
    else if (step == '!') stage.expire(0);
    else if (size_t actor = static_cast<size_t>((step | 0x20) - 'a'); actor >= stage.count()) return stage.result("no such actor");
    else if (!stage.runnable(actor)) continue;
    else if (step < 'a') stage.crash(actor);
    else stage.step(actor);
    if (std::string loss = stage.world().loss(); !loss.empty()) return stage.result(loss);
  }
  return stage.result("");
}

SearchResult search(const Simulation& what, int most_switches, uint64_t most_runs) {
  SearchResult result;
  std::vector<size_t> path;      // the choice at each step: 0 goes on, others switch
  for (;;) {
    Stage stage(what, 1);
    std::vector<size_t> choices;  // how many there were
    size_t depth = 0, at = 0;
    int switches = 0;
    bool forgotten = !what.forgets, expired = !what.expiries;
    std::string loss;
    while (loss.empty()) {
      // Going on comes first; then the others, a forgotten snapshot, an expired lease.
      std::vector<int> able;
      if (stage.runnable(at)) able.push_back(static_cast<int>(at));
      const bool ended = able.empty();
      if (ended || switches < most_switches) {
        for (size_t i = 0; i < stage.count(); ++i)
          if (i != at && stage.runnable(i)) able.push_back(static_cast<int>(i));
      }
      if (able.empty()) break;
      if (switches < most_switches && !forgotten) able.push_back(-1);
      if (switches < most_switches && !expired) able.push_back(-2);
      if (depth == path.size()) path.push_back(0);
      choices.push_back(able.size());
      const int chosen = able[path[depth]];
      switches += chosen < 0 || (!ended && static_cast<size_t>(chosen) != at);
      ++depth;
      if (chosen == -1) forgotten = true, stage.forget(0);
      else if (chosen == -2) expired = true, stage.expire(0);
      else stage.step(at = static_cast<size_t>(chosen));
      loss = stage.world().loss();
    }
    ++result.runs;
    result.found = stage.result(loss);
    if (!loss.empty() || result.runs == most_runs) return result;
    path.resize(depth);
    while (!path.empty() && path.back() + 1 == choices[path.size() - 1]) path.pop_back();
    if (path.empty()) return result;
    ++path.back();
  }
}

}  // namespace cairn
