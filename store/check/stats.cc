#include "store/check/stats.h"

namespace cairn {

RepositoryStats repository_stats(Repository& repository) {
  RepositoryStats stats;
  for (const Manifest& m : repository.snapshots()) {
    ++stats.snapshots;
    stats.logical_bytes += m.size_bytes();
  }
  const Index& index = repository.index();
  for (uint32_t number = 0; number < index.pack_numbers(); ++number) {
    if (index.gone(number)) continue;
    PackInfo pack = index.pack(number);
    bool data = pack.type == ObjectType::kDataPack;
    (data ? stats.data_stored_bytes : stats.tree_stored_bytes) += pack.size_bytes;
    for (const FrameInfo& frame : pack.frames) {
      (data ? stats.unique_bytes : stats.tree_plain_bytes) += frame.plain_bytes;
      if (data) stats.unique_chunks += frame.chunk_count;
    }
    ++stats.packs;
  }
  for (const StoredFile& file : repository.backend().list("")) {
    stats.total_bytes += file.size_bytes;
    if (file.name.starts_with("index/")) stats.index_bytes += file.size_bytes;
    else if (file.name.starts_with("snapshots/")) stats.snapshot_bytes += file.size_bytes;
    else if (!file.name.starts_with("packs/")) stats.other_bytes += file.size_bytes;
  }
  return stats;
}

}  // namespace cairn
