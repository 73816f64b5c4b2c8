#include "cli/json.h"

#include <charconv>

#include "cli/json_bytes.h"
#include "cli/terminal.h"

namespace cairn {

std::string_view entry_type_name(EntryType type) {
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
  return json_line({{"message_type", "error"}, {"code", code}, {"message", printable(message)}, {"exit_code", exit_code}});
}

std::string message_json(std::string_view type, std::string_view path, std::string_view message) {
  Json out{{"message_type", type}};
  if (!path.empty()) add_bytes(out, "path", path);
  out["message"] = printable(message);
  return json_line(out);
}

std::string item_json(std::string_view action, std::string_view path, uint64_t size_bytes) {
  Json out{{"message_type", "item"}, {"action", action}};
  add_bytes(out, "path", path);
  out["size"] = size_bytes;
  return json_line(out);
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
  return json_line(out);
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
  out["type"] = entry_type_name(entry.type);
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
  if (!part) return json_line(out);
  out["part"] = part->kind;
  if (const auto type = part->properties.find("type"); type != part->properties.end()) out["part_type"] = type->second;
  for (const char* property : {"rows", "elements"})
    if (const auto number = number_of(*part, property)) out[property] = *number;
  if (const auto expires = number_of(*part, "expires"); expires && *expires < kMostMilliseconds)
    out["expires"] = rfc3339(static_cast<int64_t>(*expires) * 1'000'000);
  return json_line(out);
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
  return json_line(out);
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
  return json_line(out);
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
  return json_line(out);
}

std::string settings_json(const Config& config) {
  Json out{{"message_type", "settings"}, {"compression", config.content.compression.name()}};
  out["chunk_bytes"] = Json::array({config.sizes.fine_bytes, config.sizes.normal_bytes, config.sizes.coarse_bytes});
  out["file_chunks"] = chunk_size_name(config.content.file_chunks);
  out["stream_chunks"] = chunk_size_name(config.content.stream_chunks);
  return json_line(out);
}

std::string init_json(const RepositoryId& id, std::string_view place) {
  Json out{{"message_type", "summary"}, {"repository_id", id.hex()}};
  add_bytes(out, "repository", place);
  return json_line(out);
}

std::string version_json(std::string_view version, std::string_view blake3, std::string_view suite, unsigned format_version) {
  return json_line({{"message_type", "summary"}, {"version", version}, {"blake3", blake3}, {"suite", suite},
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
  return json_line(out);
}

std::string diff_summary_json(uint64_t added, uint64_t removed, uint64_t changed) {
  return json_line({{"message_type", "summary"}, {"added", added}, {"removed", removed}, {"changed", changed}});
}

}  // namespace cairn
