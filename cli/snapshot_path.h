// SNAPSHOT[:PATH] as people write it.
//
// Threads:  functions are thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "cli/arguments.h"
#include "store/repository.h"

namespace cairn {

struct SnapshotPath {
  std::string snapshot;  // "latest", an id, "@2026-11-20T03:00" …; never empty
  std::string path;      // "component/a/b", without '/' at either end; "" for all of it
};

// Splits at the first ':' behind the snapshot's name.  A time has colons of its own and takes as many of them as it can:
// "@2026-11-20T03:00:15:db" is the path db, "@2026-11-20T03:00:db" too, and "@2026-11-20T03:00:15" is a time alone.
// UsageError for an empty snapshot name and for ".." in the path.
SnapshotPath split_snapshot_path(std::string_view argument);

// --host, --tag and --component, which narrow the choice.
void declare_filter(Arguments& to, SnapshotFilter& filter);

}  // namespace cairn
