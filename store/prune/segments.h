// Index segments after packs were taken away, and when there are too many of them.
//
// Threads:  one thread at a time.
#pragma once

#include <set>

#include "store/repository.h"

namespace cairn {

struct SegmentChanges {
  uint64_t removed = 0, written = 0;
};

// Takes `gone` out of the index, and packs that are not there: segments that name one are written anew without it, and small segments are
// merged when there are many.  New ones are durable before old ones go; the index learns of them.  A segment that can't be read is left alone.
SegmentChanges drop_from_segments(Repository& repository, const std::set<PackId>& gone);

}  // namespace cairn
