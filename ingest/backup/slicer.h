// Cuts a long file or a stream into slices of whole chunks, about a megabyte each, in bounded memory.
//
// Threads:  one thread at a time.
#pragma once

#include <span>
#include <vector>

#include "chunker/chunker.h"
#include "ingest/backup/job.h"

namespace cairn {

// Bytes in order, with the holes between them.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Length of the hole that begins here, 0 if there is none; afterwards it has been passed.
  virtual uint64_t skip_hole() { return 0; }
  // At least one byte unless the end is reached; stops at a hole.
  virtual size_t read(std::span<uint8_t> into) = 0;
};

struct Slice {
  Buffer bytes;
  std::vector<Run> runs;
  bool last = false;
};

class Slicer {
 public:
  // Both must outlive this.
  Slicer(const ChunkerParams& params, ChunkSize size, ByteSource& source);
  // The next slice; after the last one nothing may be asked.
  Slice next();

 private:
  void cut(Slice& slice, size_t begin, size_t end);
  ByteSource& source_;
  Chunker chunker_;
  size_t most_chunk_bytes_;
  Buffer rest_;                     // of a chunk that isn't complete
  std::vector<uint32_t> lengths_;
};

}  // namespace cairn
