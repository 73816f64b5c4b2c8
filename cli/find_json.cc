#include "cli/find_json.h"

#include <algorithm>
#include <map>

#include "cli/json.h"
#include "cli/json_bytes.h"
#include "cli/terminal.h"

namespace cairn {

namespace {

Json match(std::string_view path, const FoundVersion& version) {
  Json out{{"message_type", "match"}};
  add_bytes(out, "path", path);
  out["type"] = entry_type_name(version.type);
  out["permissions"] = mode_string(version.type, version.mode);
  out["size"] = version.size_bytes;
  out["mtime"] = rfc3339(version.mtime_ns);
  if (version.type == EntryType::kSymlink) add_bytes(out, "target", version.target);
  if (!version.part_kind.empty()) out["part"] = version.part_kind;
  if (version.rows) out["rows"] = *version.rows;
  return out;
}

Json shown_json(const Shown& shown);

void add_shown(const std::vector<Shown>& all, Json& to) {
  std::map<std::string, size_t> times;
  for (const Shown& one : all) ++times[one.key];
  for (const Shown& one : all) {
    std::string key = one.key;
    std::ranges::replace(key, ' ', '_');
    if (times[one.key] > 1) to[key].push_back(shown_json(one));
    else if (one.form == Shown::Form::kText && one.beneath.empty()) add_bytes(to, key, one.text);
    else to[key] = shown_json(one);
  }
}

Json shown_json(const Shown& shown) {
  Json out = Json::object();
  if (shown.form == Shown::Form::kText) add_bytes(out, "value", shown.text);
  else if (shown.form == Shown::Form::kTime) out["value"] = rfc3339(shown.number);
  else out["value"] = shown.number;
  const bool empty = shown.form == Shown::Form::kText && shown.text.empty() && !shown.beneath.empty();
  if (shown.beneath.empty() && out.size() == 1) return out["value"];
  if (empty) out = Json::object();
  add_shown(shown.beneath, out);
  return out;
}

}  // namespace

std::string match_json(std::string_view path, const FoundVersion& version, const Manifest& first, const Manifest& last, uint64_t snapshots) {
  Json out = match(path, version);
  out["snapshots"] = snapshots;
  out["first_snapshot"] = first.id.hex();
  out["first_time"] = rfc3339(first.time_ns);
  out["last_snapshot"] = last.id.hex();
  out["last_time"] = rfc3339(last.time_ns);
  return json_line(out);
}

std::string match_json(std::string_view path, const FoundVersion& version, const Manifest& snapshot) {
  Json out = match(path, version);
  out["snapshot_id"] = snapshot.id.hex();
  out["time"] = rfc3339(snapshot.time_ns);
  return json_line(out);
}

std::string find_summary_json(const FindResult& result, uint64_t snapshots) {
  return json_line({{"message_type", "summary"}, {"matches", result.versions}, {"paths", result.paths}, {"snapshots", snapshots},
                    {"failed", result.failed}});
}

std::string history_json(std::string_view path, const HistoryStep& step, const Manifest& first, const Manifest& last) {
  constexpr const char* kWords[] = {"appeared", "changed", "vanished"};
  Json out{{"message_type", "version"}, {"change", kWords[static_cast<size_t>(step.kind)]}};
  add_bytes(out, "path", path);
  out["snapshots"] = step.count;
  out["first_snapshot"] = first.id.hex();
  out["first_time"] = rfc3339(first.time_ns);
  out["last_snapshot"] = last.id.hex();
  out["last_time"] = rfc3339(last.time_ns);
  if (step.kind == HistoryStep::Kind::kVanished) return json_line(out);
  out["type"] = entry_type_name(step.entry.type);
  out["permissions"] = mode_string(step.entry.type, step.entry.mode);
  out["size"] = step.entry.size_bytes;
  out["mtime"] = rfc3339(step.entry.mtime_ns);
  if (!step.part_kind.empty()) out["part"] = step.part_kind;
  if (step.kind == HistoryStep::Kind::kAppeared) return json_line(out);
  out["content_changed"] = step.content;
  out["metadata_changed"] = step.metadata;
  if (step.entry.type == EntryType::kDirectory) {
    out["added"] = step.added;
    out["removed"] = step.removed;
    out["changed"] = step.changed;
  }
  if (step.rows_added) out["rows_added"] = *step.rows_added;
  if (step.rows_removed) out["rows_removed"] = *step.rows_removed;
  return json_line(out);
}

std::string history_summary_json(uint64_t steps, uint64_t snapshots) {
  return json_line({{"message_type", "summary"}, {"steps", steps}, {"snapshots", snapshots}});
}

std::string inspection_json(const Inspection& inspection) {
  Json out{{"message_type", "inspection"}};
  add_shown(inspection.shown.beneath, out);
  if (!inspection.error.empty()) out["error"] = printable(inspection.error);
  return json_line(out);
}

}  // namespace cairn
