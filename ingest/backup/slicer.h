// Cuts a long file or a stream into slices of whole chunks, about a megabyte each, in bounded memory.
//
// Threads:  one thread at a time.
#pragma once

#include <span>
#include <vector>

#include "chunker/chunker.h"
#include "ingest/backup/byte_source.h"
#include "ingest/backup/job.h"
#include "ingest/parts/parted_source.h"

namespace cairn {

struct Slice {
  Buffer bytes;
  std::vector<Run> runs;
  bool last = false;
};

class Slicer {
 public:
  // How far a content-defined cut may move to the next record's or item's begin.  Less than any minimum, so cuts stay in order.
  static constexpr size_t kMostShiftBytes = 4 << 10;

  // Both must outlive this.
  Slicer(const ChunkerParams& params, ChunkSize size, ByteSource& source);
  // Chunks end at the marks of the source too, and with records.   Requires: the source has no holes.
  Slicer(const ChunkerParams& params, ChunkSize size, PartedSource& source);
  // The next slice; after the last one nothing may be asked.
  Slice next();
  // Of data, in the slices so far.
  uint64_t passed_bytes() const { return begin_bytes_; }

 private:
  void pass_hole(Slice& slice, uint64_t hole_bytes);
  void take_marks();
  void scan_settled(Slice& slice);
  void scan(Slice& slice, size_t end);
  void end_chunk(Slice& slice, size_t at);
  size_t furthest_shift(size_t from) const;
  size_t record_begin(const Slice& slice, size_t from) const;
  size_t item_begin(size_t from) const;
  ByteSource& source_;
  PartedSource* parts_ = nullptr;   // source_, when it has marks
  Chunker chunker_;
  Buffer rest_;                     // behind the last chunk: of a chunk that isn't complete, and what isn't settled
  uint64_t begin_bytes_ = 0;        // of the slice at hand, in the stream
  size_t used_ = 0;                 // bytes in the slice at hand
  size_t scanned_ = 0;              // of those the chunker has seen
  size_t cut_ = 0;                  // where the last chunk ended
  bool ended_ = false;
  bool records_ = false;            // the chunker is among records
  std::vector<Mark> marks_;         // cuts
  size_t next_mark_ = 0;
  std::vector<uint64_t> items_;     // where items begin, behind the begin of the slice at hand
  std::vector<Mark> taken_;
  std::vector<uint32_t> lengths_;
};

}  // namespace cairn
