// The snapshots' part of a check: every tree is walked, every chunk it needs must be there.
#pragma once

#include "store/check/pack_scan.h"
#include "store/notes/snapshot_list.h"

namespace cairn {

// All snapshots that can be opened, each read once; the others become damage; forgotten ones whose files stand are
// notes.
SnapshotList open_snapshots(Repository& repository, CheckReport& report);

// Adds victims to the damage that lost chunks name, and new damage for what is missing without a trace, states that were expected
// among it.
void scan_trees(Repository& repository, const SnapshotList& list, const LostChunks& lost, const std::vector<Witness>& expected,
                CheckProgress& progress, CheckReport& report);

}  // namespace cairn
