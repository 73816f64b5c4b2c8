// Everything cairn says to programs: one JSON object a line, without the line's end.  Field names are an interface (docs/programs.md
// lists them); a released one keeps its name and meaning.
//
// Bytes:    JSON is Unicode.  A path that isn't valid UTF-8 is given twice: "path" with \xNN for the odd bytes, to look at, and
//           "path_base64" with the bytes themselves; likewise "target".
// Threads:  functions are thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "ingest/backup.h"
#include "ingest/copy/copy.h"
#include "ingest/diff/diff.h"
#include "ingest/monitor.h"
#include "ingest/document/document_restore.h"
#include "ingest/postgres/server/server_restore.h"
#include "ingest/redis/server/redis_restore.h"
#include "ingest/restore.h"
#include "ingest/tar/export.h"
#include "store/check/check.h"
#include "store/check/stats.h"
#include "store/error.h"
#include "store/keys/key_card.h"
#include "store/retention/policy.h"

namespace cairn {

// "not_found", "wrong_key" …
std::string_view error_code_name(ErrorCode code);
// "file", "directory", "symlink" …
std::string_view entry_type_name(EntryType type);
// Of a run that ends: {"message_type":"error","code","message","exit_code"}.
std::string fatal_json(std::string_view code, std::string_view message, int exit_code);
// Of one file, or a warning; `path` may be empty.
std::string message_json(std::string_view type, std::string_view path, std::string_view message);
std::string item_json(std::string_view action, std::string_view path, uint64_t size_bytes);
std::string status_json(const Monitor& monitor, double seconds);

std::string backup_json(const BackupResult& result, uint64_t errors, bool dry_run);
// `author`: the card of the key it counts as; nullptr for a key without one, or one that was removed.
std::string snapshot_json(const Manifest& snapshot, const KeyCard* author = nullptr);
// `part`: nullptr for what is none.
std::string entry_json(std::string_view path, const Entry& entry, const Manifest& snapshot, const Part* part = nullptr);
// A number that a part's properties tell, such as its "rows"; nothing when they don't.
std::optional<uint64_t> number_of(const Part& part, const std::string& property);
// Times of expiry beyond it don't fit into nanoseconds.
inline constexpr uint64_t kMostMilliseconds = 9'000'000'000'000;
std::string restore_json(const RestoreResult& result, const std::vector<std::string>& snapshot_ids, const std::string& target,
                         bool dry_run, uint64_t duration_ns);
std::string damage_json(const Damage& damage);
std::string check_json(const CheckReport& report, uint64_t duration_ns);
// One line for each component of a snapshot, or of all of them together (then `snapshots` counts where it is in).
std::string component_json(const ComponentInfo& component, std::optional<uint64_t> snapshots);
std::string stats_json(const RepositoryStats& stats);
// Who may want to know how content is cut and compressed: of `stats`.
std::string settings_json(const Config& config);
std::string init_json(const RepositoryId& id, std::string_view place);
std::string version_json(std::string_view version, std::string_view blake3, std::string_view suite, unsigned format_version);
std::string difference_json(const Difference& difference);
std::string diff_summary_json(uint64_t added, uint64_t removed, uint64_t changed);
// `doubt`: why the snapshot's time isn't believed, "" when it is.
std::string decision_json(const Manifest& snapshot, const Decision& decision, const std::string& doubt);
struct ForgetCounts {
  uint64_t forgotten = 0, reduced = 0, kept = 0;
};
// `replaced`: the new ids of what was reduced, by the old ones.
std::string forget_json(const ForgetCounts& counts, const std::map<SnapshotId, SnapshotId>& replaced, bool dry_run);
std::string tags_json(const Manifest& snapshot);
// `changes`: of tags or protection, of all these snapshots.
std::string tag_summary_json(uint64_t snapshots, uint64_t changes);
// `place`: the server, without secrets.
std::string server_restore_json(const PostgresRestoreResult& result, const std::string& snapshot_id, const std::string& place,
                                bool dry_run, uint64_t duration_ns);
std::string redis_restore_json(const RedisRestoreResult& result, const std::string& snapshot_id, const std::string& place, bool dry_run,
                               uint64_t duration_ns);
std::string document_restore_json(const DocumentRestoreResult& result, const std::string& snapshot_id, bool dry_run, uint64_t duration_ns);
// One snapshot of a copy, and the copy as a whole.
std::string copied_json(const SnapshotId& original, const SnapshotId& copy);
std::string copy_json(const CopyResult& result, uint64_t duration_ns);
std::string export_json(const ExportResult& result, const std::string& file, uint64_t duration_ns);

}  // namespace cairn
