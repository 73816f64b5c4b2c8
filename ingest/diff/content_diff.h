// Whether places in two contents hold the same bytes.  Chunks that both share are not read.
//
// Memory:   a chunk.   Threads: one thread at a time.
#pragma once

#include <span>

#include "store/read/content_reader.h"
#include "store/tree/catalogue.h"

namespace cairn {

class ContentComparer {
 public:
  // All must outlive this.
  ContentComparer(ChunkReader& reader, const Content& a, const Content& b)
      : reader_(reader), a_(a), b_(b), runs_a_(reader.object_source(), a), runs_b_(reader.object_source(), b) {}
  // True when the extents, one after the other, are equal.  Fast for places that ascend from call to call.
  // Errors: kCorrupt when a place isn't in its content; what `reader` throws.
  bool equal(std::span<const Extent> of_a, std::span<const Extent> of_b);

 private:
  bool equal_read(std::span<const Extent> of_a, std::span<const Extent> of_b);
  bool equal_runs(const Extent& of_a, const Extent& of_b);
  bool equal_bytes(const ContentRun& a, const ContentRun& b, uint64_t bytes);
  ChunkReader& reader_;
  const Content &a_, &b_;
  ContentRuns runs_a_, runs_b_;
  Bytes scratch_;
};

}  // namespace cairn
