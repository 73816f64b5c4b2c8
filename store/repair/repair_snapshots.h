// Makes new snapshots of those that lost something: everything that can still be had, under a new id.
//
// Left out, each named with its reason: files that can't be had whole, entries and directories that can't be read, streams that lost
// bytes (with their whole component).  The old snapshot stays as it is, and so does one whose manifest can't be opened.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/check/check.h"

namespace cairn {

struct RepairSnapshotsOptions {
  std::vector<SnapshotId> snapshots;   // to look at; empty: all
  bool read_data = false;   // also read all data first; without, damage counts that the listings, the gc list and trees show
  bool dry_run = false;     // look, and write nothing
  bool forget = false;      // forget the old ones that have a replacement
  size_t threads = 0;       // that read data; 0: as many as there are processors, at most 8
};

// What a repaired snapshot goes without.
struct Loss {
  std::string path;         // "component/a/b"
  std::string why;
};
constexpr size_t kMostLosses = 1000;   // kept in a report for each snapshot; all are counted

struct RepairedSnapshot {
  SnapshotId id;
  int64_t time_ns = 0;
  std::string host;
  std::vector<Loss> losses;
  uint64_t loss_count = 0;
  uint64_t files_kept = 0, bytes_kept = 0;
  std::vector<std::string> components_dropped;
  std::optional<SnapshotId> replacement;   // the new snapshot; nullopt in a dry run, and when there is nothing to keep
  bool made_before = false;                // by an earlier repair
  bool forgotten = false;                  // the old one
  std::string left_because;                // why there is no replacement, or why the old one wasn't forgotten
};

struct RepairSnapshotsReport {
  std::vector<RepairedSnapshot> snapshots;   // those that lost something
  std::vector<std::string> unreadable;       // manifests that can't be opened, as sentences; left as they are
  std::vector<std::string> notes;
  uint64_t examined = 0;
};

// kWrongKey unless an owner's key.   kNotFound for a snapshot that isn't there, kUnsupported for one that a newer version made.
RepairSnapshotsReport repair_snapshots(Repository& repository, const RepairSnapshotsOptions& options, CheckProgress& progress);

}  // namespace cairn
