// What a tree object refers to, whatever its kind: what has to be there for it to be whole.
//
// Threads:  thread-safe.
#pragma once

#include <vector>

#include "store/tree/object.h"

namespace cairn {

struct References {
  std::vector<ChunkId> objects;   // other tree objects
  std::vector<ChunkId> chunks;    // of content
};

// Goes up when add_references finds anything else in an object than it did before: what was remembered of it counts for nothing then.
constexpr uint32_t kReferencesVersion = 1;

// Appends to `out`.   kCorrupt, kUnsupported; `name` is for messages.
void add_references(ByteView object, const std::string& name, References& out);

}  // namespace cairn
