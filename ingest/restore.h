// Bringing snapshots back: whole, or one path of them.
//
//   snapshot → plan → backend → [open · decompress] → sinks → metadata
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ingest/monitor.h"
#include "ingest/tree/filter.h"
#include "ingest/tree/sink.h"
#include "store/repository.h"
#include "store/tree/catalogue.h"

namespace cairn {

struct RestoreOptions {
  std::string target;
  PatternList include, exclude;       // on paths in the snapshot, beneath the restored path; exclude wins
  Overwrite overwrite = Overwrite::kAlways;
  bool dry_run = false;               // tell through monitor.item what would be written
  bool verify = false;                // afterwards read every restored file again and compare chunk ids
  bool numeric_owner = false;         // don't look names of owners up here
  size_t threads = 0;                 // 0: as many as there are processors, at most 8
  bool with_dependencies = false;     // a part with all that it needs (ingest/parts/closure.h); else no influence
};

struct RestoreResult {
  uint64_t files = 0, directories = 0, others = 0, skipped = 0, failed = 0;
  uint64_t bytes = 0;
  uint64_t verified_files = 0;
};

// Paths lead into components with parts as into directories; what they mean there: ingest/parts/part_view.h.

// Restores the entry at `path` of the snapshot ("" for all components).  A component or directory `a/b` comes out as TARGET/b; all
// components as TARGET/<component>; one with parts as a directory with its original; a part `a/b/c` as TARGET/c.sql.
// What fails for one file is told to monitor.error and counted; the rest goes on.
// Errors: kNotFound, kInvalidArgument for the path; the store's when the snapshot's trees can't be read.
RestoreResult restore(Repository& repository, const Manifest& snapshot, const std::string& path, const RestoreOptions& options,
                      Monitor& monitor);

// kNotFound or kInvalidArgument unless `path` is in the snapshot; "" always is.
void require_path(Repository& repository, const Manifest& snapshot, const std::string& path, Monitor& monitor);

// Writes the content of one file, stream or part, in order, through `write`.  kInvalidArgument when the path is a directory; a
// damaged chunk ends it with an error after the bytes before it.
void cat(Repository& repository, const Manifest& snapshot, const std::string& path, const std::function<void(ByteView)>& write,
         Monitor& monitor);

// `part`: nullptr for what is none.
using ListVisit = std::function<void(const std::string& path, const Entry& entry, const Part* part)>;

// Calls visit for the entry at `path`, or, when it is a directory, for the entries in it; recursive: for everything beneath,
// parents first, in name order (among parts: in the order of their paths).  Paths begin with the component's name.
// Returns the number of objects that could not be read (told to monitor.error).
uint64_t list(Repository& repository, const Manifest& snapshot, const std::string& path, bool recursive, const ListVisit& visit,
              Monitor& monitor);
uint64_t list(Repository& repository, const Manifest& snapshot, const std::string& path, bool recursive,
              const std::function<void(const std::string& path, const Entry& entry)>& visit, Monitor& monitor);

}  // namespace cairn
