#include "cli/repair_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "store/error.h"

namespace cairn {

namespace {

using Json = nlohmann::ordered_json;

std::string report_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json summary(const char* what, bool dry_run, uint64_t duration_ns) {
  return {{"message_type", "summary"}, {"repaired", what}, {"dry_run", dry_run}, {"duration_s", static_cast<double>(duration_ns) / 1e9}};
}

template <class List, class Test>
size_t count_if(const List& list, Test test) {
  return static_cast<size_t>(std::ranges::count_if(list, test));
}

}  // namespace

std::string repair_file_json(const RepairFile& file) {
  return report_line({{"message_type", "damage"}, {"file", file.name}, {"what", printable(file.why)}, {"removed", file.removed}});
}

std::string repaired_pack_json(const RepairedPack& pack) {
  Json reasons = Json::array();
  for (const std::string& reason : pack.reasons) reasons.push_back(printable(reason));
  Json out{{"message_type", "damage"}, {"file", pack.name}, {"reasons", std::move(reasons)}, {"reason_count", pack.reason_count}};
  out["known"] = pack.known;
  out["chunks"] = pack.chunks;
  out["saved"] = pack.saved;
  out["elsewhere"] = pack.elsewhere;
  out["lost"] = pack.lost;
  out["removed"] = pack.removed;
  if (!pack.kept_because.empty()) out["kept_because"] = printable(pack.kept_because);
  return report_line(out);
}

std::string repaired_snapshot_json(const RepairedSnapshot& snapshot) {
  Json losses = Json::array();
  for (const Loss& loss : snapshot.losses) losses.push_back({{"path", printable(loss.path)}, {"what", printable(loss.why)}});
  Json out{{"message_type", "snapshot"}, {"snapshot_id", snapshot.id.hex()}};
  out["replacement"] = snapshot.replacement ? Json(snapshot.replacement->hex()) : Json();
  out["made_before"] = snapshot.made_before;
  out["files_kept"] = snapshot.files_kept;
  out["bytes_kept"] = snapshot.bytes_kept;
  out["loss_count"] = snapshot.loss_count;
  out["losses"] = std::move(losses);
  Json dropped = Json::array();
  for (const std::string& name : snapshot.components_dropped) dropped.push_back(printable(name));
  out["components_dropped"] = std::move(dropped);
  out["forgotten"] = snapshot.forgotten;
  if (!snapshot.left_because.empty()) out["left_because"] = printable(snapshot.left_because);
  return report_line(out);
}

std::string repair_index_json(const RepairIndexReport& report, bool dry_run, uint64_t duration_ns) {
  Json out = summary("index", dry_run, duration_ns);
  out["segments_read"] = report.segments_read;
  out["packs"] = report.packs_listed;
  out["segments_broken"] = report.segments.size();
  out["segments_removed"] = count_if(report.segments, [](const RepairFile& file) { return file.removed; });
  out["segments_written"] = report.segments_written;
  out["packs_added"] = report.packs_added;
  out["chunks_added"] = report.chunks_added;
  out["packs_unreadable"] = report.packs.size();
  return report_line(out);
}

std::string repair_packs_json(const RepairPacksReport& report, bool dry_run, uint64_t duration_ns) {
  Json out = summary("packs", dry_run, duration_ns);
  uint64_t saved = 0, lost = 0;
  for (const RepairedPack& pack : report.packs) {
    saved += pack.saved;
    lost += pack.lost;
  }
  out["packs_read"] = report.packs_read;
  out["packs_damaged"] = report.packs.size();
  out["packs_missing"] = report.missing.size();
  out["packs_removed"] = count_if(report.packs, [](const RepairedPack& pack) { return pack.removed; });
  out["chunks_saved"] = saved;
  out["chunks_lost"] = lost;
  out["bytes_stored"] = report.bytes_stored;
  return report_line(out);
}

std::string repair_snapshots_json(const RepairSnapshotsReport& report, bool dry_run, uint64_t duration_ns) {
  Json out = summary("snapshots", dry_run, duration_ns);
  out["snapshots"] = report.examined;
  out["snapshots_damaged"] = report.snapshots.size();
  out["snapshots_made"] = count_if(report.snapshots, [](const RepairedSnapshot& s) { return s.replacement && !s.made_before; });
  out["snapshots_forgotten"] = count_if(report.snapshots, [](const RepairedSnapshot& s) { return s.forgotten; });
  out["snapshots_unreadable"] = report.unreadable.size();
  return report_line(out);
}

}  // namespace cairn
