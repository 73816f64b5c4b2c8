// What differs between two directories of snapshots.  Sub-directories that both share are not read.
#pragma once

#include <functional>
#include <string>

#include "ingest/diff/diff.h"
#include "store/read/chunk_reader.h"

namespace cairn {

using VisitDifference = std::function<void(const Difference&)>;

// Two entries of the same name; `path` is for what is visited.   Errors: those of the reader.
void diff_entries(ChunkReader& reader, const Entry& before, const Entry& after, const std::string& path, const VisitDifference& visit,
                  Monitor& monitor);
// "file", "directory", "link" …
std::string_view entry_kind(EntryType type);

}  // namespace cairn
