// What `restore` and `export` say to programs of what they wrote; rules as in cli/json.h.
//
// Threads:  functions are thread-safe.
#pragma once

#include <string>
#include <vector>

#include "ingest/document/document_restore.h"
#include "ingest/postgres/server/server_restore.h"
#include "ingest/redis/server/redis_restore.h"
#include "ingest/restore.h"
#include "ingest/tar/export.h"

namespace cairn {

std::string restore_json(const RestoreResult& result, const std::vector<std::string>& snapshot_ids, const std::string& target,
                         bool dry_run, uint64_t duration_ns);
// `place`: the server, without secrets.
std::string server_restore_json(const PostgresRestoreResult& result, const std::string& snapshot_id, const std::string& place,
                                bool dry_run, uint64_t duration_ns);
std::string redis_restore_json(const RedisRestoreResult& result, const std::string& snapshot_id, const std::string& place, bool dry_run,
                               uint64_t duration_ns);
std::string document_restore_json(const DocumentRestoreResult& result, const std::string& snapshot_id, bool dry_run, uint64_t duration_ns);
std::string export_json(const ExportResult& result, const std::string& file, uint64_t duration_ns);

}  // namespace cairn
