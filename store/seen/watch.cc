#include "store/seen/watch.h"

#include <algorithm>

#include "store/seen/local_memory.h"

namespace cairn {

namespace {

constexpr size_t kMostSeenBytes = 4 << 20;

SeenSnapshot seen_of(const Manifest& m) { return {m.id, m.sequence, m.time_ns, false}; }

}  // namespace

Watch::Watch(Repository& repository, bool accept_rollback)
    : repository_(repository), accept_(accept_rollback), path_(repository.cache_folder() + "/seen") {
  if (const auto file = read_memory(path_, kMostSeenBytes)) before_ = Seen::decode(*file, repository.keys());
  if (before_) seen_ = *before_;
  else accept(seen_, repository.keys(), {});
}

void Watch::look_at(const ShownState& shown, std::vector<SeenSnapshot> opened) {
  // Read after the listing: who forgets writes the note first.
  std::optional<Notes> loaded;
  auto get_notes = [&]() -> const Notes& {
    if (!loaded) loaded = Notes::load(repository_.backend(), repository_.keys());
    return *loaded;
  };
  rollbacks_ = compare(seen_, repository_.keys(), shown, get_notes);
  if (accept_) {
    accept(seen_, repository_.keys(), shown);
    rollbacks_->clear();
  }
  // What was rolled back stays so, for the next one to notice, until somebody accepts it.
  if (!rollbacks_->empty()) return;
  seen_.generation = std::max(seen_.generation, shown.generation);
  add(seen_, std::move(opened));
  save();
}

const std::vector<Rollback>& Watch::rollbacks() {
  if (!rollbacks_) rollbacks(FolderListing(repository_.backend(), {"snapshots/", "gc/"}));
  return *rollbacks_;
}

const std::vector<Rollback>& Watch::rollbacks(const FolderListing& seen) {
  if (!rollbacks_) look_at(look(seen), {});
  return *rollbacks_;
}

const std::vector<Rollback>& Watch::rollbacks(const SnapshotList& list) {
  ShownState shown;
  shown.generation = list.generation;
  std::vector<SeenSnapshot> opened;
  for (const Manifest& m : list.snapshots) {
    shown.snapshots.push_back(m.id);
    opened.push_back(seen_of(m));
  }
  shown.snapshots.insert(shown.snapshots.end(), list.damaged.begin(), list.damaged.end());
  shown.snapshots.insert(shown.snapshots.end(), list.standing.begin(), list.standing.end());
  std::ranges::sort(shown.snapshots);
  look_at(shown, std::move(opened));
  return *rollbacks_;
}

void Watch::require_no_rollback() {
  if (rollbacks().empty()) return;
  const size_t more = rollbacks_->size() - 1;
  throw Error(ErrorCode::kCorrupt, repository_.backend().describe() + ": " + rollbacks_->front().what +
                                       (more > 0 ? " (and " + std::to_string(more) + " more: see cairn snapshots)" : "") +
                                       "; nothing was written; if this is right, say so once with --accept-rollback");
}

void Watch::made(const Manifest& manifest) {
  if (rollbacks_ && !rollbacks_->empty()) return;
  add(seen_, {seen_of(manifest)});
  save();
}

void Watch::save() {
  if (before_ && *before_ == seen_) return;
  try {
    // What another process saw meanwhile is kept.
    if (const auto file = accept_ ? std::nullopt : read_memory(path_, kMostSeenBytes))
      if (const auto other = Seen::decode(*file, repository_.keys())) {
        seen_.generation = std::max(seen_.generation, other->generation);
        add(seen_, other->snapshots);
      }
    mark_as_cache(repository_.cache_folder());
    write_memory(path_, seen_.encode(repository_.keys()));
    before_ = seen_;
  } catch (const Error& e) {
    trouble_ = e.what();
  }
}

}  // namespace cairn
