#include "store/prune/prune.h"

#include "store/notes/notes.h"
#include "store/notes/snapshot_list.h"
#include "store/prune/pruner.h"
#include "store/prune/reserve.h"
#include "store/prune/segments.h"

namespace cairn {

namespace {

constexpr uint64_t kListsKept = 8;   // gc lists before the newest; a writer may be about to read one

void require_owner(const Keyring& keys) {
  if (!keys.maintenance_seed || !keys.may_read()) throw Error(ErrorCode::kWrongKey, "only an owner's key may prune: this is a " + std::string(role_name(keys.role)) + "'s");
}

// Forgets that were interrupted are finished.  Notes that can't be read may say what is protected.
void finish_forgetting(Repository& repository) {
  std::vector<std::string> problems;
  Notes notes = Notes::load(repository.backend(), repository.keys(), &problems);
  if (!problems.empty()) throw Error(ErrorCode::kCorrupt, problems.front() + ": nothing was deleted (see: cairn check)");
  remove_forgotten(repository.backend(), notes);
}

void count_packs(Repository& repository, PruneReport& report) {
  for (const StoredFile& file : repository.backend().list("packs/")) {
    ++report.packs;
    report.packs_bytes += file.size_bytes;
  }
}

void tell(const PruneOutcome& outcome, const Pruner& pruner, Repository& repository, PruneReport& report) {
  report.young_packs = outcome.young;
  for (const auto& [pack, since] : outcome.condemned) {
    if (outcome.deleted.contains(pack) || pruner.size_bytes(pack) == 0) continue;
    ++report.waiting_packs;
    report.waiting_bytes += pruner.size_bytes(pack);
  }
  if (outcome.waiting_for.empty()) return;
  auto seen = list_leases(repository.backend(), repository.keys());
  for (const GcLease& lease : outcome.waiting_for) {
    PruneReport::Waiting waiting;
    waiting.started_ns = lease.started_ns;
    for (const SeenLease& s : seen)
      if (s.record.id == lease.id && s.readable) waiting = {s.record.host, s.record.program, s.record.started_ns};
    report.waiting_for.push_back(waiting);
  }
}

// What earlier prunes and dead writers left: lists that newer ones have taken over, leases that were declared dead.
void tidy_up(Repository& repository, uint64_t generation) {
  Backend& backend = repository.backend();
  for (const StoredFile& file : backend.list("gc/")) {
    auto name = parse_gc_list_name(file.name);
    if (name && name->kind == GcList::Kind::kCondemned && name->generation + kListsKept < generation) backend.remove(file.name);
  }
  const std::set<LeaseId> revoked = revoked_leases(backend, repository.keys());
  for (const StoredFile& file : backend.list("leases/")) {
    auto id = LeaseId::parse(file.name.substr(7, 64));
    if (id && revoked.contains(*id)) backend.remove(file.name);
  }
  compact_notes(backend, repository.keys());
}

PruneReport dry_run(Repository& repository, Pruner& pruner, PruneReport& report) {
  GcView view = pruner.newest();
  std::vector<GcPack> packs = pruner.packs();
  int64_t oldest = INT64_MAX;
  for (const GcLease& lease : pruner.leases())
    if (!lease.stale) oldest = std::min(oldest, lease.started_ns);
  Marked marked = pruner.mark(view.condemned);
  for (const CompactionPack& pack : pruner.candidates(view)) {
    ++report.moved_packs;
    report.moved_bytes += pack.size_bytes;
    marked.needed.erase(pack.id);
    report.written_bytes += static_cast<uint64_t>(static_cast<double>(pack.size_bytes) * pack.live_share);
  }
  for (const auto& [pack, since] : next_condemned(view, packs, marked.needed, oldest, &report.young_packs)) {
    ++report.deleted_packs;
    report.deleted_bytes += pruner.size_bytes(pack);
  }
  count_packs(repository, report);
  return report;
}

}  // namespace

PruneReport prune(Repository& repository, const PruneOptions& options, PruneProgress& progress) {
  require_owner(repository.keys());
  PruneReport report;
  Pruner pruner(repository, options, progress, report);
  if (options.dry_run) return dry_run(repository, pruner, report);
  finish_forgetting(repository);
  count_packs(repository, report);
  PruneOutcome outcome = run_prune(pruner);

  // Beyond this point nothing is deleted that anybody may need.
  pruner.finish_index();
  if (outcome.deleted.empty()) {
    SegmentChanges merged = drop_from_segments(repository, {});
    report.segments_removed += merged.removed;
    report.segments_written += merged.written;
  }
  tell(outcome, pruner, repository, report);
  tidy_up(repository, outcome.generation);
  make_reserve(repository.backend(), repository.keys().repository);
  return report;
}

}  // namespace cairn
