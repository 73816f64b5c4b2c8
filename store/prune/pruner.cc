#include "store/prune/pruner.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "store/host.h"
#include "store/notes/snapshot_list.h"
#include "store/parallel.h"
#include "store/prune/compaction.h"
#include "store/prune/reserve.h"
#include "store/prune/segments.h"

namespace cairn {

namespace {

constexpr int64_t kMostSkewNs = int64_t{5} * 60 * 1'000'000'000;
constexpr size_t kReaderBytes = 32 << 20;
// Snapshots that are walked side by side: what is read at once grows with them, and what of it the reader's cache must hold.
// 100 of a kernel's tree: 2.3 s one by one, 1.8 with 4 or 8, 4.3 with 16.
constexpr size_t kTogether = 4;
constexpr uint64_t kTurnNs = uint64_t{3600} * 1'000'000'000;   // of Reachable::recheck
constexpr size_t kMovedBatch = 1 << 10;
constexpr size_t kFewOf = 16;   // a share of what is known this small isn't worth writing

uint64_t plain_bytes(const PackInfo& pack) {
  uint64_t sum = 0;
  for (const FrameInfo& frame : pack.frames) sum += frame.plain_bytes;
  return sum;
}

std::string short_id(const Manifest& snapshot) { return snapshot.id.hex().substr(0, 8); }

}  // namespace

Pruner::Pruner(Repository& repository, const PruneOptions& options, PruneProgress& progress, PruneReport& report)
    : OnRepository(repository.backend(), repository.keys()), repository_(repository), options_(options), progress_(progress), report_(report),
      known_path_(repository.cache_folder() + "/references"), known_(known_path_, keys_), known_before_(known_.objects()) {}

LeaseId Pruner::join(LeaseRecord::Kind kind) {
  return with_reserve(backend_, [&] {
    LeaseId id = OnRepository::join(kind);
    for (const StoredFile& file : backend_.list(lease_name(id, 1)))
      if (std::llabs(file.mtime_ns - now_ns()) > kMostSkewNs)
        throw Error(ErrorCode::kLocked, backend_.describe() + ": its clock and this machine's differ by " +
                                            std::to_string(std::llabs(file.mtime_ns - now_ns()) / 60'000'000'000) +
                                            " minutes: set them right first, nothing was deleted");
    return id;
  });
}

void Pruner::activate(const LeaseId& lease, uint64_t generation) {
  with_reserve(backend_, [&] { OnRepository::activate(lease, generation); });
}

// By another list everything may be needed elsewhere.
GcView Pruner::newest() {
  reachable_.reset();
  return OnRepository::newest();
}

std::vector<GcPack> Pruner::packs() {
  std::vector<GcPack> out;
  sizes_.clear();
  for (const StoredFile& file : backend_.list("packs/"))
    if (auto id = id_in_name<PackId>(file.name)) {
      out.push_back({*id, file.mtime_ns});
      sizes_[*id] = file.size_bytes;
    }
  return out;
}

uint64_t Pruner::size_bytes(const PackId& pack) const {
  auto found = sizes_.find(pack);
  return found == sizes_.end() ? 0 : found->second;
}

Marked Pruner::mark(const Condemned& condemned) {
  progress_.phase("looking what is needed");
  try {
    return look(condemned);
  } catch (const Error& e) {
    // Somebody may have forgotten the snapshot since it was listed, or another prune have moved what it needs.
    if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kNotFound) throw;
  }
  reachable_.reset();
  return look(condemned);
}

Marked Pruner::look(const Condemned& condemned) {
  SnapshotList list = list_snapshots(backend_, keys_);
  for (const SnapshotList::Problem& problem : list.problems) {
    auto id = id_in_name<SnapshotId>(problem.file);
    const bool forgotten = id && std::ranges::find(list.standing, *id) != list.standing.end();   // somebody is forgetting it right now
    if (!forgotten) throw Error(ErrorCode::kCorrupt, problem.what + ": what is needed isn't known, so nothing was deleted (see: cairn check)");
  }
  if (nothing_new(list.snapshots) && follow_moved(condemned)) return marked_;
  // The index comes after the snapshots: it holds whatever they rest on.
  Index& index = repository_.fresh_index();
  index.distrust(condemned);
  reader_.emplace(backend_, keys_, index, kReaderBytes);
  start_marking();
  Marked marked;
  report_.snapshots = list.snapshots.size();
  const auto late = std::ranges::stable_partition(list.snapshots, [](const Manifest& m) { return !m.late; });
  const std::span<const Manifest> in_time(list.snapshots.begin(), late.begin());
  for (size_t i = 0; i < in_time.size(); i += kTogether) mark_whole(in_time.subspan(i, std::min(kTogether, in_time.size() - i)));
  for (const Manifest& m : list.snapshots) marked.snapshots.push_back({m.id, m.lease, !m.late || mark_late(m)});
  reachable_->add_bases();
  if (!keep_known()) return look(condemned);
  for (const auto& [number, use] : reachable_->packs()) marked.needed.insert(index.pack(number).id);
  marked_ = marked;
  moved_ = {};
  return marked;
}

Reachable& Pruner::start_marking() {
  Reachable& reachable = reachable_.emplace(repository_.index(), *reader_, &known_);
  reachable.check_interrupted = progress_.check_interrupted;
  reachable.turn = static_cast<uint64_t>(now_ns()) / kTurnNs % Reachable::kTurns;
  return reachable;
}

bool Pruner::keep_known() {
  if (!reachable_->recheck()) {
    progress_.warning("what this machine remembered of directories was wrong, which should never be: it was thrown away, and all of them are read again (please report this)");
    known_ = KnownReferences();
    std::remove(known_path_.c_str());
    reachable_.reset();
    return false;
  }
  const size_t needed = std::min(known_.objects(), static_cast<size_t>(std::ranges::count(reachable_->needed_known(), true)));
  const size_t learned = known_.objects() - known_before_, not_needed = known_.objects() - needed;
  if (learned + not_needed <= known_.objects() / kFewOf) return true;   // writing it costs what reading these would
  reader_->drop_frames();   // writing it takes half as much
  ::malloc_trim(0);
  try {
    known_.save(known_path_, keys_, reachable_->needed_known());
  } catch (const Error&) {
    // Then they are read again.
  }
  known_before_ = known_.objects();
  return true;
}

void Pruner::mark_whole(std::span<const Manifest> snapshots) {
  try {
    reachable_->add(snapshots);
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;
    if (snapshots.size() == 1)
      throw Error(e.code(), "snapshot " + short_id(snapshots[0]) + ": " + e.what() + ": nothing was deleted (see: cairn check, cairn repair)");
    for (size_t i = 0; i < snapshots.size(); ++i) {   // which of them is it?
      start_marking();
      mark_whole(snapshots.subspan(i, 1));
    }
    throw;   // it was there the second time: what is marked by now isn't all
  }
}

bool Pruner::mark_late(const Manifest& snapshot) {
  try {
    reachable_->add(snapshot);
    return true;
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;
    progress_.warning("snapshot " + short_id(snapshot) + " came too late and is not whole: " + e.what());
    return false;
  }
}

// The last mark by the same list still holds when no snapshot has come since, but for what was moved: what that mark found not needed was all that has
// been condemned meanwhile, so every other chunk would be found where it was.
bool Pruner::nothing_new(const std::vector<Manifest>& snapshots) const {
  return reachable_ && std::ranges::all_of(snapshots, [&](const Manifest& m) {
    return std::ranges::find(marked_.snapshots, m.id, &Marked::Snapshot::id) != marked_.snapshots.end();
  });
}

bool Pruner::follow_moved(const Condemned& condemned) {
  if (moved_.chunks.empty() && moved_.emptied.empty()) return true;
  const Moved moved = std::exchange(moved_, {});
  Index& index = repository_.fresh_index();
  index.distrust(condemned);
  std::atomic<size_t> next{0};
  std::atomic<bool> lost{false};
  std::vector<std::unordered_set<uint32_t>> packs(processor_count());
  in_parallel(packs.size(), [&](size_t lane) {
    std::vector<uint8_t> usable;
    const std::span<const ChunkId> chunks = moved.chunks;
    for (size_t at = next.fetch_add(kMovedBatch); at < chunks.size() && !lost; at = next.fetch_add(kMovedBatch)) {
      index.usable_many(chunks.subspan(at, std::min(kMovedBatch, chunks.size() - at)), usable, &packs[lane]);
      if (std::ranges::count(usable, 0) > 0) lost = true;
    }
  });
  if (lost) return false;
  for (const PackId& pack : moved.emptied) marked_.needed.erase(pack);
  for (const auto& some : packs)
    for (const uint32_t number : some) marked_.needed.insert(index.pack(number).id);
  return true;
}

// Packs of which too much is dead; those condemned that are needed again; all data packs when everything is compressed anew.
std::vector<CompactionPack> Pruner::candidates(const GcView& view) const {
  std::vector<CompactionPack> out;
  const Index& index = repository_.index();
  for (const auto& [number, use] : reachable_->packs()) {
    PackInfo pack = index.pack(number);
    if (!sizes_.contains(pack.id)) continue;
    const double live = static_cast<double>(use.live_bytes) / static_cast<double>(std::max<uint64_t>(1, plain_bytes(pack)));
    const bool recompress = options_.recompress_level != 0 && pack.type == ObjectType::kDataPack;
    if (100 * (1 - live) > options_.most_dead_percent || view.condemned.contains(pack.id) || recompress)
      out.push_back({pack.id, pack.type, sizes_.at(pack.id), &use, live});
  }
  return out;
}

std::set<PackId> Pruner::compact(const GcView& view, const Marked&) {
  std::vector<CompactionPack> packs = candidates(view);
  if (packs.empty()) return {};
  Marked before = std::exchange(marked_, {});   // what is moved is needed elsewhere from now on
  progress_.phase("moving what is needed");
  for (const CompactionPack& pack : packs) progress_.bytes_total += pack.size_bytes;
  try {
    moved_ = cairn::compact(repository_, packs, options_.recompress_level, progress_, report_);
    marked_ = std::move(before);
    return moved_.emptied;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kNoSpace) throw;
    report_.no_space = true;   // what is wholly dead can be deleted all the same
    return {};
  }
}

bool Pruner::create(const GcList& list) {
  const std::string name = gc_list_name(list.generation, list.kind);
  auto standing = [&] {   // a list's name begins its companions' names too
    const auto files = backend_.list(name);
    return std::ranges::find(files, name, &StoredFile::name) != files.end();
  };
  if (standing()) return false;
  try {
    with_reserve(backend_, [&] { put(backend_, name, list.encode(keys_)); });
    return true;
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kNoSpace) throw;
    // Taken by another prune meanwhile, or written by us although the answer was lost: no two lists are equal.
    if (standing()) return false;
    throw;
  }
}

bool Pruner::put_list(uint64_t generation, const Condemned& condemned) {
  GcList list;
  list.generation = generation;
  list.created_ns = now_ns();
  list.condemned = condemned;
  return create(list);
}

bool Pruner::put_revoked(uint64_t generation, const std::set<LeaseId>& leases) {
  GcList list;
  list.kind = GcList::Kind::kRevoked;
  list.generation = generation;
  list.created_ns = now_ns();
  list.revoked.assign(leases.begin(), leases.end());
  return create(list);
}

bool Pruner::put_accepted(uint64_t generation, const std::vector<SnapshotId>& snapshots) {
  GcList list;
  list.kind = GcList::Kind::kAccepted;
  list.generation = generation;
  list.created_ns = now_ns();
  list.accepted = snapshots;
  return create(list);
}

// The index first.  On a full disk there may be no room for new segments: what an old one says of a pack that is gone counts for
// nothing, and it is put right when there is room.
void Pruner::drop_from_index(const std::set<PackId>& packs) {
  progress_.phase("deleting");
  try {
    drop_later_.clear();
    SegmentChanges changes = with_reserve(backend_, [&] { return drop_from_segments(repository_, packs); });
    report_.segments_removed += changes.removed;
    report_.segments_written += changes.written;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kNoSpace) throw;
    drop_later_ = packs;
  }
}

void Pruner::finish_index() {
  if (drop_later_.empty()) return;
  drop_from_index(std::exchange(drop_later_, {}));
}

// Several at once: each is a way to the storage and back, or pages to be given free.
void Pruner::remove(const std::set<PackId>& packs) {
  const std::vector<PackId> all(packs.begin(), packs.end());
  const size_t most = std::max(processor_count(), static_cast<size_t>(backend_.uploads_at_once()));
  std::atomic<size_t> next{0};
  std::mutex mu;   // of the report
  in_parallel(std::min(all.size(), most), [&](size_t) {
    for (size_t i = next++; i < all.size(); i = next++) {
      backend_.remove(pack_name(all[i]));
      std::lock_guard lock(mu);
      ++report_.deleted_packs;
      report_.deleted_bytes += size_bytes(all[i]);
    }
  });
}

}  // namespace cairn
