// What a backup knows of earlier snapshots: to recognise unchanged files, and to continue the author's line.
//
// A key that may read asks the repository.  One that may only write asks the local cache (store/cache), and fills it again.
// Threads:  one thread at a time, unless said otherwise.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "ingest/monitor.h"
#include "store/cache/tree_cache.h"
#include "store/read/chunk_reader.h"
#include "store/repository.h"
#include "store/write/write_session.h"

namespace cairn {

class Before {
 public:
  // As `session` found it; without one (a dry run) nothing will be remembered.  `repository` must outlive this.
  Before(Repository& repository, const WriteSession* session);

  // Oldest first.
  const std::vector<Manifest>& snapshots() const { return snapshots_; }
  // Directories of these; valid as long as this.
  GetObject trees();
  // Chunk lists of unchanged files, for one worker; valid as long as this.   Requires: no dry run.
  GetObject lists();
  // `put`, and what it stores is remembered for the next time.  `put` and this must outlive what is returned.
  PutObject remembering(const PutObject& put);
  // The next backup will know `manifest`.  Trouble is a warning: that backup will only read more.
  void remember(const Manifest& manifest, Monitor& monitor);

 private:
  Repository& repository_;
  std::vector<Manifest> snapshots_;
  std::unique_ptr<ChunkReader> reader_;        // of a key that may read
  std::deque<ChunkReader> list_readers_;       // likewise, one for each worker; never moved
  std::unique_ptr<TreeCaches> caches_;         // of one that may not
  std::unique_ptr<TreeCacheWriter> new_cache_; // likewise
};

}  // namespace cairn
