#include "cli/prune_json.h"

#include <nlohmann/json.hpp>

namespace cairn {

std::string prune_json(const PruneReport& report, uint64_t still_there, bool dry_run, uint64_t duration_ns) {
  nlohmann::ordered_json out{{"message_type", "summary"}, {"dry_run", dry_run}, {"snapshots", report.snapshots}};
  out["packs"] = report.packs;
  out["packs_bytes"] = report.packs_bytes;
  out["deleted_packs"] = report.deleted_packs;
  out["deleted_bytes"] = report.deleted_bytes;
  out["moved_packs"] = report.moved_packs;
  out["moved_bytes"] = report.moved_bytes;
  out["written_packs"] = report.written_packs;
  out["written_bytes"] = report.written_bytes;
  out["waiting_packs"] = report.waiting_packs;
  out["waiting_bytes"] = report.waiting_bytes;
  out["waiting_for"] = report.waiting_for.size();
  out["young_packs"] = report.young_packs;
  out["damaged"] = report.damaged.size();
  out["still_there"] = still_there;
  out["no_space"] = report.no_space;
  out["duration_s"] = static_cast<double>(duration_ns) / 1e9;
  return out.dump();
}

}  // namespace cairn
