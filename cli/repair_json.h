// What `cairn repair` says to programs; see cli/json.h.
#pragma once

#include <string>

#include "store/repair/repair_index.h"
#include "store/repair/repair_packs.h"
#include "store/repair/repair_snapshots.h"

namespace cairn {

// One line each: {"message_type":"damage","file",…}.
std::string repair_file_json(const RepairFile& file);
std::string repaired_pack_json(const RepairedPack& pack);
std::string repaired_snapshot_json(const RepairedSnapshot& snapshot);
// The last line.
std::string repair_index_json(const RepairIndexReport& report, bool dry_run, uint64_t duration_ns);
std::string repair_packs_json(const RepairPacksReport& report, bool dry_run, uint64_t duration_ns);
std::string repair_snapshots_json(const RepairSnapshotsReport& report, bool dry_run, uint64_t duration_ns);

}  // namespace cairn
