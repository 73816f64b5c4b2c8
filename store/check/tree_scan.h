// The snapshots' part of a check: every tree is walked, every chunk it needs must be there.
#pragma once

#include "store/check/pack_scan.h"

namespace cairn {

// All snapshots that can be opened; the others become damage.
std::vector<Manifest> open_snapshots(Repository& repository, CheckReport& report);

// Adds victims to the damage that lost chunks name, and new damage for what is missing without a trace.
void scan_trees(Repository& repository, const std::vector<Manifest>& snapshots, const LostChunks& lost, CheckProgress& progress,
                CheckReport& report);

}  // namespace cairn
