// How much is in the repository, and how well it shares and compresses.
#pragma once

#include <string>
#include <vector>

#include "store/repository.h"

namespace cairn {

struct RepositoryStats {
  uint64_t snapshots = 0;
  uint64_t logical_bytes = 0;       // all snapshots, as if restored side by side
  uint64_t unique_bytes = 0;        // plaintext of all stored data chunks
  uint64_t unique_chunks = 0;
  uint64_t data_stored_bytes = 0;   // of data packs
  uint64_t tree_plain_bytes = 0, tree_stored_bytes = 0;
  uint64_t index_bytes = 0, snapshot_bytes = 0, other_bytes = 0;
  uint64_t packs = 0, total_bytes = 0;   // of everything in the backend
};

// Reads the pack tables, no data.
RepositoryStats repository_stats(Repository& repository);

}  // namespace cairn
