// What cairn prune says to programs.
#pragma once

#include <string>

#include "store/prune/prune.h"

namespace cairn {

std::string prune_json(const PruneReport& report, bool dry_run, uint64_t duration_ns);

}  // namespace cairn
