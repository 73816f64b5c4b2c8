// Every version of one file, directory or part: when it came, changed, and went.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "ingest/monitor.h"
#include "store/repository.h"

namespace cairn {

struct HistoryStep {
  enum class Kind { kAppeared, kChanged, kVanished };
  Kind kind = Kind::kAppeared;
  size_t snapshot = 0;          // the first that is so, by its number in `snapshots`
  size_t last = 0;              // the last one before the next step
  uint64_t count = 0;           // from the first to the last, of those that have the component
  Entry entry;                  // as `ls` shows it; not of what vanished
  std::string part_kind;        // "" for what is no part
  // Of a change.
  bool content = false, metadata = false;
  uint64_t added = 0, removed = 0, changed = 0;       // beneath a directory; of parts likewise
  std::optional<uint64_t> rows_added, rows_removed;   // of a table; a changed row counts as both
};

// Visits the steps, oldest first; nothing when the path is in none of the snapshots.  Only snapshots that hold the path's component
// count: one of other components says nothing of it.  Contents are compared by their chunks; of parts only those that differ are read.
// Requires: `snapshots` sorted, oldest first.   Errors: the store's when a tree or a catalogue can't be read.
void history(Repository& repository, std::span<const Manifest> snapshots, const std::string& path,
             const std::function<void(const HistoryStep&)>& visit, Monitor& monitor);

}  // namespace cairn
