// What cairn prune says to programs.
#pragma once

#include <string>

#include "store/prune/prune.h"

namespace cairn {

// `still_there`: files that were deleted, but that the storage keeps as old versions.
std::string prune_json(const PruneReport& report, uint64_t still_there, bool dry_run, uint64_t duration_ns);

}  // namespace cairn
