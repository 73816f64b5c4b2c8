// What a worker does with a job: reads its small files, cuts, computes ids, claims what is new, and brings it into frames.
//
// Memory:   the bytes of one job, and a frame.
// Threads:  one thread at a time; every worker has its own.
#pragma once

#include <vector>

#include "ingest/backup/file_content.h"
#include "ingest/backup/job.h"
#include "ingest/backup/slicer.h"
#include "ingest/monitor.h"
#include "store/write/write_session.h"

namespace cairn {

class PieceStorer {
 public:
  // All but `lists` must outlive this.  stored_bytes: per component, added to when a component's frames are flushed; thread-safe counters.
  // `lists`: where the chunk lists of unchanged files are; empty where no job has any (Content::kKeep).
  PieceStorer(WriteSession& session, const Keyring& keys, const ChunkerParams& params, GetObject lists, Monitor& monitor,
              std::vector<std::atomic<uint64_t>>& stored_bytes);

  Stored store(Job&& job);
  // Ends the frame at hand; after the last job.
  void flush();

 private:
  struct Piece {
    size_t entry;        // in the job
    ByteView bytes;      // of a chunk; empty for a hole
    uint64_t hole_bytes;
  };
  void cut_bytes(Job& job, size_t index, Stored& stored);
  void read_small_file(Job& job, size_t index, Stored& stored);
  void read_any_file(Job& job, size_t index, Stored& stored);
  void store_slice(const Job& job, Slice& slice, std::vector<ChunkRef>& refs, Stored& stored);
  void check_kept(Job& job);
  bool list_usable(const Content& content);
  void gather_runs(const Job& job, size_t index);
  void store_pieces(Job& job, Stored& stored);
  WriteSession& session_;
  const Keyring& keys_;
  const ChunkerParams& params_;
  Monitor& monitor_;
  std::vector<std::atomic<uint64_t>>& component_bytes_;
  FrameBuilder builder_;
  GetObject lists_;
  size_t component_ = 0;

  // Reused from job to job.
  Buffer arena_;                       // contents of small files
  size_t arena_used_ = 0;
  std::vector<Piece> pieces_;
  std::vector<ByteView> views_;
  std::vector<Blake3Hash> hashes_;
  std::vector<ChunkId> ids_;
  std::vector<uint8_t> fresh_;
  std::vector<uint32_t> lengths_;
};

}  // namespace cairn
