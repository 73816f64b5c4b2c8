// What differs between two snapshots, or two places in them.   No server and no data is needed for what is equal: directories and
// chunks that both sides share are never read.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ingest/monitor.h"
#include "store/repository.h"

namespace cairn {

struct Difference {
  enum class Change { kAdded, kRemoved, kChanged };
  Change change = Change::kChanged;
  std::string path;                 // as the second side calls it (a removed one: as the first does), with the component's name
  std::string kind;                 // "file", "directory", "link", "device" …; of a part its kind: "table", "key", "section" …
  uint64_t bytes_before = 0, bytes_after = 0;
  bool expiry = false;              // of a key: it expires at another time, or no longer
  bool definition = false;          // of a changed table: something besides its rows
  std::optional<uint64_t> rows_added, rows_removed;   // of a table; a changed row counts as one removed and one added
};

// Visits what differs, in order of the paths.  Paths as in restore(): "" for all components, else a component or something in it;
// the two needn't have the same name.  A directory that is there on one side only is told as one difference.
// Errors: kNotFound for a path that isn't there; the store's.
// Memory: about 10 bytes a chunk of the largest table that changed, and at most 100 MB for its rows.
void diff(Repository& repository, const Manifest& before, const std::string& path_before, const Manifest& after,
          const std::string& path_after, const std::function<void(const Difference&)>& visit, Monitor& monitor);

}  // namespace cairn
