// What `find`, `history` and `inspect` say to programs; see cli/json.h.
#pragma once

#include <string>

#include "ingest/find/find.h"
#include "ingest/find/history.h"
#include "store/inspect/inspect.h"

namespace cairn {

// A version, and the first and the last snapshot of those that have it.
std::string match_json(std::string_view path, const FoundVersion& version, const Manifest& first, const Manifest& last, uint64_t snapshots);
// The same in one snapshot.
std::string match_json(std::string_view path, const FoundVersion& version, const Manifest& snapshot);
std::string find_summary_json(const FindResult& result, uint64_t snapshots);

std::string history_json(std::string_view path, const HistoryStep& step, const Manifest& first, const Manifest& last);
std::string history_summary_json(uint64_t steps, uint64_t snapshots);

// Keys with '_' for ' '; a key that is there several times is an array, one with things beneath an object with the value as "value".
std::string inspection_json(const Inspection& inspection);

}  // namespace cairn
