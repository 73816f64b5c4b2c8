// Writes what a part is made of, in order and in parallel: text of ours, and runs of the stored stream.
//
//   pieces → [open · decompress · verify] → write       (reader | workers | caller, in order)
//
// Memory:   some 4 MiB for each of twice as many jobs as threads, and a cache of 8 MiB a thread.
// Threads:  one thread at a time; it starts workers of its own through ordered_parallel_map.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "ingest/monitor.h"
#include "store/read/content_reader.h"
#include "store/repository.h"
#include "store/tree/catalogue.h"

namespace cairn {

using WriteBytes = std::function<void(ByteView)>;

// One or the other.
struct PartPiece {
  Bytes text;
  Extent extent;   // of the stored stream; without text
};

class PartOutput {
 public:
  // All must outlive this.  `threads`: 0 for as many as there are processors, at most 8.
  PartOutput(Repository& repository, const Content& content, size_t threads, Monitor& monitor);
  ~PartOutput();

  // Calls `write` with the pieces, in order, in runs of any length.
  // Errors: kCorrupt, kNotFound, kIo for what can't be read, after the bytes before it; kInterrupted.
  void write(std::span<const PartPiece> pieces, const WriteBytes& write);
  // The whole content, wherever it ends.  Returns its length.
  uint64_t write_all(const WriteBytes& write);

 private:
  class Jobs;
  void run(Jobs& jobs, uint64_t about_bytes, const WriteBytes& write);
  ChunkReader& reader(size_t worker);
  Repository& repository_;
  const Index& index_;
  const Content& content_;
  size_t threads_;
  Monitor& monitor_;
  std::vector<std::unique_ptr<ChunkReader>> readers_;   // one a worker, the last the job reader's; made when first needed
  std::unique_ptr<Jobs> jobs_;                          // of write(): many small ones don't open the chunk list again
};

}  // namespace cairn
