// Brings contents cut anew, as a backup into the destination would cut them.
//
//   steps → [source, decompressed, cut] → [id · claim · compress · seal] → session, tree      (reader | workers | caller, in order)
//
// Memory:   a slice for each of four times as many jobs as threads, and a frame a worker.
// Threads:  one thread at a time; it starts workers of its own through ordered_parallel_map.
#pragma once

#include <atomic>
#include <deque>
#include <memory>

#include "ingest/backup/piece_storer.h"
#include "ingest/copy/tree_copy.h"
#include "ingest/parts/open_parts.h"
#include "store/read/content_reader.h"
#include "store/repository.h"

namespace cairn {

class Recutter {
 public:
  // All must outlive this.  `keys` and `params`: the destination's.
  Recutter(Repository& source, const Keyring& keys, const ChunkerParams& params, WriteSession& session, size_t threads, Monitor& monitor);
  ~Recutter();

  // Brings everything of one component into `tree`.  `component` says what the stream is, so that cuts come where a backup has them.
  // Errors: kCorrupt, kNotFound for what the source hasn't whole, naming the file; those of the session.
  void copy(TreeSteps& steps, const ComponentInfo& component, const CutPolicy& policy, TreeCopy& tree);
  // Ends the frames at hand.
  void flush();
  // Since the last call, of plaintext the destination had not seen, and of its frames.   Requires for the latter: flushed.
  uint64_t take_new_bytes() { return std::exchange(new_bytes_, 0); }
  uint64_t take_stored_bytes() { return stored_bytes_[0].exchange(0); }
  uint64_t read_bytes() const { return read_bytes_; }

 private:
  class StoredContent;
  // Steps without bytes, and then perhaps one with a run of them.
  struct Work {
    std::vector<CopyStep> before;
    std::optional<CopyStep> step;
    Job job;
  };
  std::optional<Work> next(TreeSteps& steps);
  void open(CopyStep&& step);
  void take_slice(Work& work);
  Work store(PieceStorer& worker, Work&& work);

  const ChunkerParams& params_;
  Monitor& monitor_;
  ChunkReader trees_, chunks_;
  std::vector<std::atomic<uint64_t>> stored_bytes_;
  std::deque<PieceStorer> workers_;   // never moved: they hold large buffers
  uint64_t new_bytes_ = 0, read_bytes_ = 0;

  // The reader's: what is being cut.
  const ComponentInfo* component_ = nullptr;
  CutPolicy policy_;
  std::optional<CopyStep> step_;
  std::unique_ptr<StoredContent> content_;
  OpenedStream opened_;
  std::unique_ptr<Slicer> slicer_;
};

}  // namespace cairn
