// Everything cairn says to programs: one JSON object a line, without the line's end.  Field names are an interface (docs/programs.md
// lists them); a released one keeps its name and meaning.  Here: of every run, of entries, differences and the repository as a whole;
// snapshot_json.h, restore_json.h and others beside them have the rest.
//
// Bytes:    JSON is Unicode.  A path that isn't valid UTF-8 is given twice: "path" with \xNN for the odd bytes, to look at, and
//           "path_base64" with the bytes themselves; likewise "target".
// Threads:  functions are thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingest/diff/diff.h"
#include "ingest/monitor.h"
#include "store/check/check.h"
#include "store/check/stats.h"
#include "store/error.h"
#include "store/id.h"
#include "store/keys/config.h"
#include "store/snapshot/manifest.h"
#include "store/tree/catalogue.h"
#include "store/tree/entry.h"

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

// `part`: nullptr for what is none.
std::string entry_json(std::string_view path, const Entry& entry, const Manifest& snapshot, const Part* part = nullptr);
// A number that a part's properties tell, such as its "rows"; nothing when they don't.
std::optional<uint64_t> number_of(const Part& part, const std::string& property);
// Times of expiry beyond it don't fit into nanoseconds.
inline constexpr uint64_t kMostMilliseconds = 9'000'000'000'000;
std::string damage_json(const Damage& damage);
std::string check_json(const CheckReport& report, uint64_t duration_ns);
std::string stats_json(const RepositoryStats& stats);
// Who may want to know how content is cut and compressed: of `stats`.
std::string settings_json(const Config& config);
std::string init_json(const RepositoryId& id, std::string_view place);
std::string version_json(std::string_view version, std::string_view blake3, std::string_view suite, unsigned format_version);
std::string difference_json(const Difference& difference);
std::string diff_summary_json(uint64_t added, uint64_t removed, uint64_t changed);

}  // namespace cairn
