#include "store/gc/prune_protocol.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr int kMostLists = 16;   // lists that others may write before us; each is a whole prune of theirs

// Ends the lease wherever the run ends.
class PrunerLease {
 public:
  explicit PrunerLease(PruneStore& store) : store_(store), id_(store.join(LeaseRecord::Kind::kPruner)) {}
  ~PrunerLease() { store_.end(id_); }
  const LeaseId& id() const { return id_; }

 private:
  PruneStore& store_;
  LeaseId id_;
};

// When the first of those at work began; INT64_MAX when nobody is.
int64_t oldest_session_ns(const std::vector<GcLease>& leases, const LeaseId& own) {
  int64_t oldest = INT64_MAX;
  for (const GcLease& lease : leases)
    if (lease.id != own && !lease.stale) oldest = std::min(oldest, lease.started_ns);
  return oldest;
}

// Writers that may rely on packs of before this generation: generations decide, never clocks.
std::vector<GcLease> older_writers(const std::vector<GcLease>& leases, uint64_t generation) {
  std::vector<GcLease> older;
  for (const GcLease& lease : leases)
    if (lease.writer && (lease.joining || lease.generation < generation)) older.push_back(lease);
  return older;
}

std::vector<SnapshotId> made_under(const Marked& marked, const std::set<LeaseId>& leases) {
  std::vector<SnapshotId> out;
  for (const Marked::Snapshot& snapshot : marked.snapshots)
    if (snapshot.whole && leases.contains(snapshot.lease)) out.push_back(snapshot.id);
  return out;
}

// Deletes what is condemned by the list in `outcome` unless a writer from before it is at work.  `revoking`: companions of this
// list may be written; false for a list that an earlier run wrote.  True when a new list is needed to go on.
bool sweep(PruneStore& store, bool revoking, PruneOutcome& outcome) {
  std::set<LeaseId> stale;
  for (const GcLease& lease : older_writers(store.leases(), outcome.generation)) {
    if (!lease.stale) outcome.waiting_for.push_back(lease);
    else stale.insert(lease.id);
  }
  if (!outcome.waiting_for.empty()) return false;
  // Those declared dead before too: what they still write must be late to this sweep as it is to the earlier one.
  stale.merge(store.revoked_leases());
  // The stale are declared dead before the snapshots are listed for the last time: what they write after that is not called good.
  if (!stale.empty() && (!revoking || !store.put_revoked(outcome.generation, stale))) return true;
  outcome.marked = store.mark(outcome.condemned);
  if (!stale.empty()) store.put_accepted(outcome.generation, made_under(outcome.marked, stale));
  std::set<PackId> doomed;
  for (const GcPack& pack : store.packs()) {
    if (!outcome.condemned.contains(pack.id)) continue;
    (outcome.marked.needed.contains(pack.id) ? outcome.kept : doomed).insert(pack.id);
  }
  store.drop_from_index(doomed);
  store.remove(doomed);
  outcome.deleted.merge(doomed);
  return false;
}

}  // namespace

Condemned next_condemned(const GcView& view, const std::vector<GcPack>& packs, const std::set<PackId>& needed,
                         int64_t oldest_session, uint64_t* young) {
  Condemned next;
  *young = 0;
  for (const GcPack& pack : packs) {
    // Condemned once, condemned until it is deleted: a slow prune may be about to do that.
    if (auto before = view.condemned.find(pack.id); before != view.condemned.end()) next.insert(*before);
    else if (needed.contains(pack.id)) continue;
    else if (pack.written_ns >= oldest_session) ++*young;   // maybe of a session whose snapshot is still to come
    else next[pack.id] = view.generation + 1;
  }
  return next;
}

PruneOutcome run_prune(PruneStore& store) {
  for (int attempt = 0; attempt < kMostLists; ++attempt) {
    PruneOutcome outcome;
    PrunerLease own(store);
    GcView view = store.newest();
    store.activate(own.id(), view.generation);
    // Packs, then sessions, then snapshots: a session that has ended in between has its snapshot.
    std::vector<GcPack> packs = store.packs();
    const int64_t oldest = oldest_session_ns(store.leases(), own.id());
    outcome.marked = store.mark(view.condemned);
    std::set<PackId> needed = outcome.marked.needed;
    for (const PackId& emptied : store.compact(view, outcome.marked)) needed.erase(emptied);

    outcome.condemned = next_condemned(view, packs, needed, oldest, &outcome.young);
    outcome.generation = view.generation;
    if (outcome.condemned.empty()) return outcome;   // nothing to delete, nothing waiting
    for (const auto& [pack, since] : outcome.condemned)
      if (since > view.generation) outcome.fresh.insert(pack);
    bool listed = false;
    if (!outcome.fresh.empty()) {
      outcome.generation = view.generation + 1;
      if (!store.put_list(outcome.generation, outcome.condemned)) continue;   // another prune was faster: all again, by its list
      listed = true;
    }
    if (!sweep(store, listed, outcome)) return outcome;
    // Leases must be declared dead, but this list has its companions from an earlier run: one more list.
    if (listed || !store.put_list(++outcome.generation, outcome.condemned)) continue;
    if (!sweep(store, true, outcome)) return outcome;
  }
  throw Error(ErrorCode::kLocked, "other prunes are always faster: try again later");
}

}  // namespace cairn
