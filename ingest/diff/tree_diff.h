// What differs between two directories of snapshots.  Sub-directories, and parts of directories, that both share are not read; the others
// are read ahead, level by level on all processors.
// Memory: some 32 MB of what was read and compared ahead, beside the caches of the reader.
#pragma once

#include <functional>
#include <string>

#include "ingest/diff/diff.h"
#include "store/read/bulk_reader.h"

namespace cairn {

using VisitDifference = std::function<void(const Difference&)>;

// Two entries of the same name; `path` is for what is visited.   Errors: those of the reader.
void diff_entries(BulkReader& reader, const Entry& before, const Entry& after, const std::string& path, const VisitDifference& visit,
                  Monitor& monitor);
// "file", "directory", "link" …
std::string_view entry_kind(EntryType type);

}  // namespace cairn
