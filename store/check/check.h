// Is everything there, and is it what was written?
//
// Without reading data: every file's name, header and hash where it is small; every pack directory against the index; every
// snapshot's signature and trees, and that every chunk they need is in a pack that is there.
// With reading data: every pack's hash, every frame opened, every chunk id recomputed.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "store/repository.h"

namespace cairn {

struct CheckOptions {
  double read_data_percent = 0;   // of the packs, chosen at random; 100: all
  size_t threads = 0;             // 0: as many as there are processors, at most 8
  std::vector<Witness> expected = {};  // codes that backups printed: their snapshots must be there, or forgotten by an owner
};

// A thing that is wrong, and whom it hurts.
struct Damage {
  std::string file;               // name in the repository
  std::string what;               // "missing", "directory can't be opened: …", "frame 12 at byte 8192 is damaged"
  struct Victim {
    std::string snapshot;         // id
    std::string path;             // "component/a/b"; "" when the whole snapshot is lost
  };
  std::vector<Victim> victims;    // at most kMostVictims
  uint64_t victim_count = 0;
  bool healed = false;            // everything it held is in other packs: told as a note
};
constexpr size_t kMostVictims = 1000;

// Watched by whoever shows progress.  Thread-safe.
struct CheckProgress {
  std::function<void(const std::string&)> phase = [](const std::string&) {};
  std::function<void()> check_interrupted = [] {};
  std::atomic<uint64_t> bytes_done{0}, bytes_total{0};
};

struct CheckReport {
  std::vector<Damage> damage;          // empty: all is well
  std::vector<std::string> notes;      // harmless oddities: unknown files, unreferenced packs
  uint64_t packs = 0, snapshots = 0, chunks = 0, objects = 0;
  uint64_t packs_read = 0, bytes_read = 0, chunks_verified = 0;
  uint64_t unreferenced_bytes = 0;     // of packs no snapshot needs
  std::vector<SnapshotId> whole;       // snapshots that nothing hurts
};

CheckReport check(Repository& repository, const CheckOptions& options, CheckProgress& progress);

}  // namespace cairn
