#include "store/repair/repair_snapshots.h"

#include <algorithm>

#include "store/notes/notes.h"
#include "store/repair/condemn.h"
#include "store/repair/tree_repair.h"
#include "store/write/write_session.h"

namespace cairn {

namespace {

// Those that are asked for, of those that can be opened.
std::vector<Manifest> chosen(const std::vector<Manifest>& all, const std::vector<SnapshotId>& ids) {
  if (ids.empty()) return all;
  std::vector<Manifest> out;
  for (const SnapshotId& id : ids) {
    auto found = std::ranges::find(all, id, &Manifest::id);
    if (found == all.end()) throw Error(ErrorCode::kNotFound, snapshot_name(id) + ": there is no such snapshot, or it can't be opened");
    out.push_back(*found);
  }
  return out;
}

// What was condemned counts as lost unless it can be read: no new snapshot may rely on it.
void open_index(Repository& repository, RepairSnapshotsReport& report) {
  Index& index = repository.fresh_index();
  try {
    distrust_condemned(index, repository.backend(), repository.keys());
  } catch (const Error& e) {
    report.notes.push_back(e.what());
  }
}

LostChunks read_all(Repository& repository, const RepairSnapshotsOptions& options, CheckProgress& progress) {
  CheckReport scan;
  progress.phase("reading packs");
  return scan_packs(repository, repository.backend().list("packs/"), {100, options.threads}, progress, scan);
}

// Made from `old` by an owner.  It stands outside of its author's chain: whoever made the old one didn't make this.
Manifest derived(const Manifest& old, Manifest repaired, uint64_t losses) {
  repaired.origin = old.id;
  repaired.original_author = old.credited_author();
  repaired.sequence = 0;
  repaired.previous = {};
  repaired.stats = {};
  repaired.stats.files_failed = losses;
  return repaired;
}

class SnapshotsRepair {
 public:
  SnapshotsRepair(Repository& repository, const RepairSnapshotsOptions& options, CheckProgress& progress)
      : repository_(repository), options_(options), progress_(progress) {}

  RepairSnapshotsReport run() {
    const Keyring& keys = repository_.keys();
    if (!keys.maintenance_seed || !keys.may_read() || !keys.may_write())
      throw Error(ErrorCode::kWrongKey, "repairing snapshots needs an owner's key");
    all_ = repository_.snapshots(&report_.unreadable);
    std::vector<Manifest> snapshots = chosen(all_, options_.snapshots);
    open_index(repository_, report_);
    if (options_.read_data) lost_ = read_all(repository_, options_, progress_);
    progress_.phase("looking for what is lost");
    TreeRepair look(repository_, lost_, progress_);
    for (const Manifest& snapshot : snapshots) examine(look, snapshot);
    unsure_ = look.unsure();
    if (!options_.dry_run) {
      progress_.phase("writing snapshots");
      for (size_t i = 0; i < damaged_.size(); ++i) replace(damaged_[i], report_.snapshots[i]);
      if (options_.forget) forget();
    }
    return std::move(report_);
  }

 private:
  void examine(TreeRepair& look, const Manifest& snapshot) {
    ++report_.examined;
    RepairedSnapshot told;
    told.id = snapshot.id;
    told.time_ns = snapshot.time_ns;
    told.host = snapshot.host;
    std::optional<Manifest> repaired = look.repair(snapshot, told);
    if (told.loss_count == 0 && told.components_dropped.empty()) return;
    if (!repaired) {
      told.left_because = "nothing of it can be read";
    } else {
      told.files_kept = repaired->file_count();
      told.bytes_kept = repaired->size_bytes();
      auto before = std::ranges::find_if(all_, [&](const Manifest& m) { return m.origin == snapshot.id && m.root == repaired->root; });
      told.made_before = before != all_.end();
      if (told.made_before) told.replacement = before->id;
    }
    damaged_.push_back(snapshot);
    report_.snapshots.push_back(std::move(told));
  }

  void replace(const Manifest& snapshot, RepairedSnapshot& told) {
    if (!told.left_because.empty() || told.replacement) return;
    WriteSession session(repository_);
    TreeRepair writer(repository_, lost_, progress_);
    writer.write_into(session);
    RepairedSnapshot again;
    std::optional<Manifest> repaired = writer.repair(snapshot, again);
    if (!repaired) throw Error(ErrorCode::kCorrupt, snapshot_name(snapshot.id) + ": was damaged further while it was being repaired");
    Manifest fresh = derived(snapshot, std::move(*repaired), again.loss_count);
    session.commit(fresh);
    told.replacement = fresh.id;
  }

  // The old ones, now that the new ones are saved.
  void forget() {
    std::vector<SnapshotId> ids;
    std::map<SnapshotId, SnapshotId> replaced_by;
    for (size_t i = 0; i < damaged_.size(); ++i) {
      RepairedSnapshot& told = report_.snapshots[i];
      if (!told.replacement) continue;
      if (unsure_) told.left_because = "something of it may only have been out of reach: see the reasons, and try again";
      else if (damaged_[i].is_protected) told.left_because = "it is protected";
      else ids.push_back(told.id);
      if (told.left_because.empty()) replaced_by[told.id] = *told.replacement;
    }
    if (ids.empty()) return;
    forget_snapshots(repository_, ids, replaced_by);
    for (RepairedSnapshot& told : report_.snapshots) told.forgotten = replaced_by.contains(told.id);
  }

  Repository& repository_;
  const RepairSnapshotsOptions& options_;
  CheckProgress& progress_;
  RepairSnapshotsReport report_;
  std::vector<Manifest> all_, damaged_;   // damaged_[i] is report_.snapshots[i]
  LostChunks lost_;
  bool unsure_ = false;
};

}  // namespace

RepairSnapshotsReport repair_snapshots(Repository& repository, const RepairSnapshotsOptions& options, CheckProgress& progress) {
  return SnapshotsRepair(repository, options, progress).run();
}

}  // namespace cairn
