// What the elements that are taken need, and what those need in turn.
//
// Memory:   the ids in the sections that matter, at most kMostIdBytes.   Threads: one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "ingest/document/extract/selection.h"

namespace cairn {

inline constexpr uint64_t kMostIdBytes = uint64_t{256} << 20;

// Reads the document once, and adds to `selection` what is needed.  Returns warnings: what is needed and isn't there.
// Errors: kCorrupt, kInvalidArgument; kUnsupported when there are more ids than fit.
std::vector<std::string> add_needs(const ReadDocument& read, Selection& selection);

}  // namespace cairn
