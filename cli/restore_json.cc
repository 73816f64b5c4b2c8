#include "cli/restore_json.h"

#include "cli/json_bytes.h"
#include "cli/terminal.h"

namespace cairn {

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
  return json_line(out);
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
  return json_line(out);
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
  return json_line(out);
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
  return json_line(out);
}

std::string export_json(const ExportResult& result, const std::string& file, uint64_t duration_ns) {
  Json out{{"message_type", "summary"}};
  add_bytes(out, "file", file);
  out["files"] = result.files;
  out["directories"] = result.directories;
  out["others"] = result.others;
  out["bytes"] = result.bytes;
  out["duration_s"] = seconds(duration_ns);
  return json_line(out);
}

}  // namespace cairn
