#include "cli/json.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "cli/terminal.h"

namespace cairn {

namespace {

using Json = nlohmann::ordered_json;

std::string line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view three = bytes.substr(i, 3);
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < three.size() ? static_cast<uint8_t>(three[k]) : 0U);
    for (size_t k = 0; k < 4; ++k) out += k <= three.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

// One leaves odd bytes out, the other puts a mark in their place.
bool valid_utf8(std::string_view bytes) {
  const Json text(bytes);
  return text.dump(-1, ' ', false, Json::error_handler_t::ignore) == text.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void add_bytes(Json& to, const std::string& name, std::string_view bytes) {
  if (valid_utf8(bytes)) {
    to[name] = bytes;
    return;
  }
  to[name] = printable(bytes);
  to[name + "_base64"] = base64(bytes);
}

double seconds(uint64_t duration_ns) { return static_cast<double>(duration_ns) / 1e9; }

Json ratio(uint64_t before_bytes, uint64_t after_bytes) {
  return after_bytes == 0 ? Json() : Json(static_cast<double>(before_bytes) / static_cast<double>(after_bytes));
}

std::string_view type_name(EntryType type) {
  switch (type) {
    case EntryType::kFile: return "file";
    case EntryType::kDirectory: return "directory";
    case EntryType::kSymlink: return "symlink";
    case EntryType::kFifo: return "fifo";
    case EntryType::kCharDevice: return "char_device";
    case EntryType::kBlockDevice: return "block_device";
  }
  return "unknown";
}

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

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kNoSpace: return "no_space";
    case ErrorCode::kWrongKey: return "wrong_key";
    case ErrorCode::kLocked: return "locked";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kNoRepository: return "no_repository";
    case ErrorCode::kInterrupted: return "interrupted";
  }
  return "unknown";
}

std::string fatal_json(std::string_view code, std::string_view message, int exit_code) {
  return line({{"message_type", "error"}, {"code", code}, {"message", printable(message)}, {"exit_code", exit_code}});
}

std::string message_json(std::string_view type, std::string_view path, std::string_view message) {
  Json out{{"message_type", type}};
  if (!path.empty()) add_bytes(out, "path", path);
  out["message"] = printable(message);
  return line(out);
}

std::string item_json(std::string_view action, std::string_view path, uint64_t size_bytes) {
  Json out{{"message_type", "item"}, {"action", action}};
  add_bytes(out, "path", path);
  out["size"] = size_bytes;
  return line(out);
}

std::string status_json(const Monitor& monitor, double seconds_elapsed) {
  Json out{{"message_type", "status"}, {"phase", monitor.phase()}};
  out["bytes_done"] = monitor.bytes_done.load();
  out["bytes_total"] = monitor.bytes_total.load();
  out["files_done"] = monitor.files_done.load();
  out["files_total"] = monitor.files_total.load();
  out["errors"] = monitor.errors.load();
  out["seconds_elapsed"] = seconds_elapsed;
  if (const std::string path = monitor.current(); !path.empty()) add_bytes(out, "current", path);
  return line(out);
}

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
  out["dry_run"] = dry_run;
  return line(out);
}

std::string snapshot_json(const Manifest& m) {
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
  out["protected"] = m.is_protected;
  return line(out);
}

std::optional<uint64_t> number_of(const Part& part, const std::string& property) {
  const auto found = part.properties.find(property);
  uint64_t number = 0;
  if (found == part.properties.end()) return std::nullopt;
  const char* end = found->second.data() + found->second.size();
  const auto [stop, error] = std::from_chars(found->second.data(), end, number);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}




std::string entry_json(std::string_view path, const Entry& entry, const Manifest& snapshot, const Part* part) {
  Json out{{"message_type", "entry"}};
  add_bytes(out, "path", path);
  out["type"] = type_name(entry.type);
  out["mode"] = entry.mode & 07777U;
  out["permissions"] = mode_string(entry.type, entry.mode);
  out["uid"] = entry.uid;
  out["gid"] = entry.gid;
  if (auto user = snapshot.users.find(entry.uid); user != snapshot.users.end()) out["user"] = user->second;
  if (auto group = snapshot.groups.find(entry.gid); group != snapshot.groups.end()) out["group"] = group->second;
  out["size"] = entry.size_bytes;
  out["mtime"] = rfc3339(entry.mtime_ns);
  if (entry.type == EntryType::kSymlink) add_bytes(out, "target", entry.target);
  out["inode"] = entry.inode;
  if (!part) return line(out);
  out["part"] = part->kind;
  if (const auto type = part->properties.find("type"); type != part->properties.end()) out["part_type"] = type->second;
  for (const char* property : {"rows", "elements"})
    if (const auto number = number_of(*part, property)) out[property] = *number;
  if (const auto expires = number_of(*part, "expires"); expires && *expires < kMostMilliseconds)
    out["expires"] = rfc3339(static_cast<int64_t>(*expires) * 1'000'000);
  return line(out);
}

std::string restore_json(const RestoreResult& result, const std::vector<std::string>& snapshot_ids, const std::string& target,
                         bool dry_run, uint64_t duration_ns) {
  Json out{{"message_type", "summary"}, {"snapshot_ids", snapshot_ids}};
  add_bytes(out, "target", target);
  out["files"] = result.files;
  out["directories"] = result.directories;
  out["others"] = result.others;
  out["skipped"] = result.skipped;
  out["failed"] = result.failed;
  out["bytes"] = result.bytes;
  out["verified_files"] = result.verified_files;
  out["dry_run"] = dry_run;
  out["duration_s"] = seconds(duration_ns);
  return line(out);
}

std::string damage_json(const Damage& damage) {
  Json victims = Json::array();
  for (const Damage::Victim& victim : damage.victims) {
    Json one{{"snapshot", victim.snapshot}};
    add_bytes(one, "path", victim.path);
    victims.push_back(std::move(one));
  }
  Json out{{"message_type", "damage"}, {"file", damage.file}, {"what", printable(damage.what)}};
  out["victim_count"] = damage.victim_count;
  out["victims"] = std::move(victims);
  return line(out);
}

std::string check_json(const CheckReport& report, uint64_t duration_ns) {
  Json out{{"message_type", "summary"}, {"damaged", !report.damage.empty()}, {"damage", report.damage.size()}};
  out["packs"] = report.packs;
  out["snapshots"] = report.snapshots;
  out["chunks"] = report.chunks;
  out["objects"] = report.objects;
  out["packs_read"] = report.packs_read;
  out["bytes_read"] = report.bytes_read;
  out["chunks_verified"] = report.chunks_verified;
  out["unreferenced_bytes"] = report.unreferenced_bytes;
  out["duration_s"] = seconds(duration_ns);
  return line(out);
}

std::string component_json(const ComponentInfo& info, std::optional<uint64_t> snapshots) {
  Json out{{"message_type", "component"}};
  out.update(component(info));
  if (snapshots) out["snapshots"] = *snapshots;
  out["compression_ratio"] = ratio(info.new_bytes, info.stored_bytes);
  return line(out);
}

std::string stats_json(const RepositoryStats& stats) {
  Json out{{"message_type", "summary"}, {"snapshots", stats.snapshots}};
  out["logical_bytes"] = stats.logical_bytes;
  out["unique_bytes"] = stats.unique_bytes;
  out["unique_chunks"] = stats.unique_chunks;
  out["data_stored_bytes"] = stats.data_stored_bytes;
  out["tree_plain_bytes"] = stats.tree_plain_bytes;
  out["tree_stored_bytes"] = stats.tree_stored_bytes;
  out["index_bytes"] = stats.index_bytes;
  out["snapshot_bytes"] = stats.snapshot_bytes;
  out["other_bytes"] = stats.other_bytes;
  out["packs"] = stats.packs;
  out["total_bytes"] = stats.total_bytes;
  out["dedup_ratio"] = ratio(stats.logical_bytes, stats.unique_bytes);
  out["compression_ratio"] = ratio(stats.unique_bytes, stats.data_stored_bytes);
  return line(out);
}

std::string settings_json(const Config& config) {
  Json out{{"message_type", "settings"}, {"compression", config.content.compression.name()}};
  out["chunk_bytes"] = Json::array({config.sizes.fine_bytes, config.sizes.normal_bytes, config.sizes.coarse_bytes});
  out["file_chunks"] = chunk_size_name(config.content.file_chunks);
  out["stream_chunks"] = chunk_size_name(config.content.stream_chunks);
  return line(out);
}

std::string init_json(const RepositoryId& id, std::string_view place) {
  Json out{{"message_type", "summary"}, {"repository_id", id.hex()}};
  add_bytes(out, "repository", place);
  return line(out);
}

std::string version_json(std::string_view version, std::string_view blake3, std::string_view suite, unsigned format_version) {
  return line({{"message_type", "summary"}, {"version", version}, {"blake3", blake3}, {"suite", suite},
               {"format_version", format_version}});
}

std::string difference_json(const Difference& difference) {
  constexpr const char* kChanges[] = {"added", "removed", "changed"};
  Json out{{"message_type", "difference"}, {"change", kChanges[static_cast<size_t>(difference.change)]}};
  add_bytes(out, "path", difference.path);
  out["kind"] = difference.kind;
  out["bytes_before"] = difference.bytes_before;
  out["bytes_after"] = difference.bytes_after;
  if (difference.definition) out["definition"] = true;
  if (difference.expiry) out["expiry"] = true;
  if (difference.rows_added) out["rows_added"] = *difference.rows_added;
  if (difference.rows_removed) out["rows_removed"] = *difference.rows_removed;
  return line(out);
}

std::string diff_summary_json(uint64_t added, uint64_t removed, uint64_t changed) {
  return line({{"message_type", "summary"}, {"added", added}, {"removed", removed}, {"changed", changed}});
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
  return line(out);
}

std::string forget_json(const ForgetCounts& counts, const std::map<SnapshotId, SnapshotId>& replaced, bool dry_run) {
  Json out{{"message_type", "summary"}, {"forgotten", counts.forgotten}, {"reduced", counts.reduced}, {"kept", counts.kept}};
  out["replaced"] = Json::object();
  for (const auto& [before, after] : replaced) out["replaced"][before.hex()] = after.hex();
  out["dry_run"] = dry_run;
  return line(out);
}

std::string tags_json(const Manifest& m) {
  Json out{{"message_type", "snapshot"}, {"id", m.id.hex()}};
  out["tags"] = m.tags;
  out["protected"] = m.is_protected;
  return line(out);
}

std::string tag_summary_json(uint64_t snapshots, uint64_t changes) {
  return line({{"message_type", "summary"}, {"snapshots", snapshots}, {"changes", changes}});
}

std::string server_restore_json(const PostgresRestoreResult& result, const std::string& snapshot_id, const std::string& place,
                                bool dry_run, uint64_t duration_ns) {
  Json out{{"message_type", "summary"}, {"snapshot_ids", {snapshot_id}}};
  add_bytes(out, "to", place);
  out["databases"] = result.databases;
  out["tables"] = result.tables;
  out["rows"] = result.rows;
  out["failed"] = result.failed;
  out["targets"] = Json::array();
  for (const std::string& one : result.targets) out["targets"].push_back(printable(one));
  out["tolerated"] = Json::array();
  for (const std::string& one : result.tolerated) out["tolerated"].push_back(printable(one));
  out["mismatches"] = Json::array();
  for (const std::string& one : result.mismatches) out["mismatches"].push_back(printable(one));
  out["complete"] = result.complete();
  out["dry_run"] = dry_run;
  out["duration_s"] = seconds(duration_ns);
  return line(out);
}

std::string redis_restore_json(const RedisRestoreResult& result, const std::string& snapshot_id, const std::string& place, bool dry_run,
                               uint64_t duration_ns) {
  Json out{{"message_type", "summary"}, {"snapshot_ids", {snapshot_id}}};
  add_bytes(out, "to", place);
  out["keys"] = result.keys;
  out["functions"] = result.functions;
  out["left"] = result.left;
  out["expired"] = result.expired;
  out["failed"] = result.failed;
  out["bytes"] = result.bytes;
  out["dry_run"] = dry_run;
  out["duration_s"] = seconds(duration_ns);
  return line(out);
}

std::string document_restore_json(const DocumentRestoreResult& result, const std::string& snapshot_id, bool dry_run, uint64_t duration_ns) {
  Json out{{"message_type", "summary"}, {"snapshot_ids", {snapshot_id}}};
  add_bytes(out, "target", result.file);
  out["written"] = result.written;
  out["bytes"] = result.extract.bytes;
  out["taken"] = Json::array();
  for (const std::string& one : result.extract.taken) out["taken"].push_back(printable(one));
  out["dry_run"] = dry_run;
  out["duration_s"] = seconds(duration_ns);
  return line(out);
}

std::string copied_json(const SnapshotId& original, const SnapshotId& copy) {
  return line({{"message_type", "copied"}, {"origin_id", original.hex()}, {"snapshot_id", copy.hex()}});
}

std::string copy_json(const CopyResult& result, uint64_t duration_ns) {
  Json out{{"message_type", "summary"}, {"copied", result.copied}, {"skipped", result.skipped}, {"failed", result.failed}};
  out["bytes_read"] = result.bytes_read;
  out["bytes_new"] = result.bytes_new;
  out["bytes_stored"] = result.bytes_stored;
  out["duration_s"] = seconds(duration_ns);
  return line(out);
}

}  // namespace cairn
