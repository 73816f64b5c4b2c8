// Frees what no snapshot needs, while others write.
//
// docs/deletion.md has the protocol; store/gc/prune_protocol.h decides, this does.
// Threads:  one thread at a time.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "store/gc/prune_protocol.h"
#include "store/repository.h"

namespace cairn {

struct PruneOptions {
  bool dry_run = false;
  // Packs of which more than so much is dead are written anew without it; 100: none.
  double most_dead_percent = 40;
  // Every data pack is written anew with this zstd level; 0: none is for that reason.
  int recompress_level = 0;
};

// Watched by whoever shows progress.  Thread-safe.
struct PruneProgress {
  std::function<void(const std::string&)> phase = [](const std::string&) {};
  std::function<void()> check_interrupted = [] {};
  std::function<void(const std::string&)> warning = [](const std::string&) {};
  std::atomic<uint64_t> bytes_done{0}, bytes_total{0};   // of packs that are written anew
};

struct PruneReport {
  uint64_t snapshots = 0;
  uint64_t packs = 0, packs_bytes = 0;             // before
  uint64_t deleted_packs = 0, deleted_bytes = 0;   // now; of a dry run: what would be
  uint64_t written_packs = 0, written_bytes = 0;   // of packs written anew
  uint64_t moved_packs = 0, moved_bytes = 0;       // those they replace
  uint64_t waiting_packs = 0, waiting_bytes = 0;   // condemned, to be deleted by a later prune
  uint64_t young_packs = 0;                        // may belong to somebody at work: looked at again by a later prune
  struct Waiting {
    std::string host, program;                     // "" when its lease can't be read
    int64_t started_ns = 0;
  };
  std::vector<Waiting> waiting_for;                // backups that began before
  uint64_t segments_removed = 0, segments_written = 0;
  std::vector<std::string> damaged;                // packs with chunks that could not be moved: left as they are
  bool no_space = false;                           // nothing was written anew: the storage is full
};

// kWrongKey unless an owner's key.  kCorrupt when something a snapshot needs is missing, or a snapshot or note can't be read: nothing
// was deleted.  kLocked when the clocks of this machine and of the storage are too far apart.
PruneReport prune(Repository& repository, const PruneOptions& options, PruneProgress& progress);

}  // namespace cairn
