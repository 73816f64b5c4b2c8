// A tar archive as a snapshot, as if the directory had been backed up that it was made of.
//
//   archive → entries → [cut · id · claim · compress · seal] → tree → session → backend      (reader | workers | caller, in order)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/backup.h"
#include "ingest/monitor.h"
#include "ingest/tar/archive.h"
#include "store/repository.h"

namespace cairn {

struct ImportOptions {
  std::string name;                 // of the component
  std::string source;               // for the snapshot: where the archive came from
  std::string host;                 // "": this machine's name
  std::vector<std::string> tags;
  std::optional<int64_t> time_ns;   // of the snapshot; nullopt: now
  size_t threads = 0;               // 0: as many as there are processors, at most 8
};

// Errors: kCorrupt (no tar archive, a damaged one, one that breaks off), kNotFound (an empty one), kInvalidArgument (the name), and the
// store's: nothing is recorded then.  Entries that no tree can hold (see ImportTree) are told to monitor.error and left out; the
// snapshot is marked incomplete.
BackupResult import_tar(Repository& repository, TarReader::Read read, const ImportOptions& options, Monitor& monitor);

}  // namespace cairn
