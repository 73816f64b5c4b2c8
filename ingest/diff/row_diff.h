// How many lines two runs of text have that the other one hasn't, in any order; chunks that both have are not read.
#pragma once

#include <span>

#include "ingest/monitor.h"
#include "store/read/content_reader.h"
#include "store/tree/catalogue.h"

namespace cairn {

// One side: extents of a content.
struct Rows {
  ChunkReader& reader;
  const Content& content;
  std::span<const Extent> extents;
};

struct RowDiff {
  uint64_t added = 0, removed = 0;
};

// Lines are compared by 64-bit hashes.  Errors: those of the readers.
// Memory: 8 bytes a chunk of either side, and at most 100 MB for lines: where there are more, the chunks are read several times.
RowDiff diff_rows(const Rows& before, const Rows& after, Monitor& monitor);

}  // namespace cairn
