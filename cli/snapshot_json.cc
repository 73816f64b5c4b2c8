#include "cli/snapshot_json.h"

#include "cli/json_bytes.h"
#include "cli/terminal.h"

namespace cairn {

namespace {

std::string_view completeness_name(Completeness completeness) {
  switch (completeness) {
    case Completeness::kComplete: return "complete";
    case Completeness::kUnverified: return "unverified";
    case Completeness::kIncomplete: return "incomplete";
  }
  return "unknown";
}

Json component(const ComponentInfo& info) {
  Json out;
  add_bytes(out, "name", info.name);
  out["kind"] = component_kind_name(info.kind);
  add_bytes(out, "source", info.source);
  out["completeness"] = completeness_name(info.completeness);
  out["size"] = info.size_bytes;
  out["files"] = info.file_count;
  out["bytes_new"] = info.new_bytes;
  out["bytes_stored"] = info.stored_bytes;
  if (!info.properties.empty()) out["properties"] = info.properties;
  return out;
}

Json component_names(const Manifest& snapshot) {
  Json out = Json::array();
  for (const ComponentInfo& info : snapshot.components) out.push_back(valid_utf8(info.name) ? info.name : printable(info.name));
  return out;
}

Json component_details(const Manifest& snapshot) {
  Json out = Json::array();
  for (const ComponentInfo& info : snapshot.components) out.push_back(component(info));
  return out;
}

void add_stats(Json& to, const SnapshotStats& stats) {
  to["files_new"] = stats.files_new;
  to["files_changed"] = stats.files_changed;
  to["files_unmodified"] = stats.files_unmodified;
  to["files_failed"] = stats.files_failed;
  to["sockets_skipped"] = stats.sockets_skipped;
  to["bytes_read"] = stats.bytes_read;
  to["bytes_new"] = stats.bytes_new;
  to["bytes_stored"] = stats.bytes_stored;
  to["duration_s"] = seconds(stats.duration_ns);
}

}  // namespace

std::string backup_json(const BackupResult& result, uint64_t errors, bool dry_run) {
  const Manifest& m = result.manifest;
  Json out{{"message_type", "summary"}};
  out["snapshot_id"] = dry_run ? Json() : Json(m.id.hex());
  out["time"] = rfc3339(m.time_ns);
  out["host"] = m.host;
  out["tags"] = m.tags;
  out["components"] = component_names(m);
  out["component_details"] = component_details(m);
  add_stats(out, m.stats);
  out["errors"] = errors;
  out["incomplete"] = result.incomplete;
  out["witness"] = dry_run || m.witness == Witness{} ? Json() : Json(witness_text(m.witness));
  out["dry_run"] = dry_run;
  return json_line(out);
}

std::string snapshot_json(const Manifest& m, const KeyCard* author) {
  Json out{{"message_type", "snapshot"}, {"id", m.id.hex()}, {"time", rfc3339(m.time_ns)}, {"host", m.host}, {"user", m.user}};
  out["tags"] = m.tags;
  out["components"] = component_names(m);
  out["component_details"] = component_details(m);
  out["size"] = m.size_bytes();
  out["files"] = m.file_count();
  out["stats"] = Json::object();
  add_stats(out["stats"], m.stats);
  out["program"] = m.program;
  out["author"] = m.author.hex();
  out["witness"] = witness_text(m.witness);
  out["protected"] = m.is_protected;
  out["verified"] = m.verified_ns == 0 ? Json() : Json(rfc3339(m.verified_ns));
  out["late"] = m.late;
  out["author_role"] = role_name(author ? author->role : m.author_role);
  if (author) out["author_label"] = author->label;
  return json_line(out);
}

std::string component_json(const ComponentInfo& info, std::optional<uint64_t> snapshots) {
  Json out{{"message_type", "component"}};
  out.update(component(info));
  if (snapshots) out["snapshots"] = *snapshots;
  out["compression_ratio"] = ratio(info.new_bytes, info.stored_bytes);
  return json_line(out);
}

std::string decision_json(const Manifest& m, const Decision& decision, const std::string& doubt) {
  Json out{{"message_type", "decision"}, {"id", m.id.hex()}, {"time", rfc3339(m.time_ns)}, {"host", m.host}};
  out["tags"] = m.tags;
  out["components"] = component_names(m);
  out["action"] = !decision.keep ? "forget" : decision.reduced() ? "reduce" : "keep";
  out["reasons"] = Json::array();
  for (const std::string& reason : decision.reasons) out["reasons"].push_back(printable(reason));
  if (decision.reduced()) {
    out["kept_components"] = Json::array();
    for (const std::string& name : decision.components) out["kept_components"].push_back(printable(name));
  }
  if (!doubt.empty()) out["doubt"] = doubt;
  return json_line(out);
}

std::string forget_json(const ForgetCounts& counts, const std::map<SnapshotId, SnapshotId>& replaced, bool dry_run) {
  Json out{{"message_type", "summary"}, {"forgotten", counts.forgotten}, {"reduced", counts.reduced}, {"kept", counts.kept}};
  out["replaced"] = Json::object();
  for (const auto& [before, after] : replaced) out["replaced"][before.hex()] = after.hex();
  out["dry_run"] = dry_run;
  return json_line(out);
}

std::string tags_json(const Manifest& m) {
  Json out{{"message_type", "snapshot"}, {"id", m.id.hex()}};
  out["tags"] = m.tags;
  out["protected"] = m.is_protected;
  return json_line(out);
}

std::string tag_summary_json(uint64_t snapshots, uint64_t changes) {
  return json_line({{"message_type", "summary"}, {"snapshots", snapshots}, {"changes", changes}});
}

std::string copied_json(const SnapshotId& original, const SnapshotId& copy) {
  return json_line({{"message_type", "copied"}, {"origin_id", original.hex()}, {"snapshot_id", copy.hex()}});
}

std::string copy_json(const CopyResult& result, uint64_t duration_ns) {
  Json out{{"message_type", "summary"}, {"copied", result.copied}, {"skipped", result.skipped}, {"failed", result.failed}};
  out["bytes_read"] = result.bytes_read;
  out["bytes_new"] = result.bytes_new;
  out["bytes_stored"] = result.bytes_stored;
  out["duration_s"] = seconds(duration_ns);
  return json_line(out);
}

}  // namespace cairn
