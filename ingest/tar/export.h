// Snapshots as tar archives.
//
//   snapshot → entries, in the order of a walk → [open · decompress] → tar → write
//
// What is in the archive is what a restore of the same paths makes: components as directories of their names, streams and dumps as their
// originals, parts as their files; with owners' names, times in nanoseconds, hard links, devices, extended attributes and holes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ingest/monitor.h"
#include "ingest/tar/archive.h"
#include "store/repository.h"

namespace cairn {

struct ExportItem {
  const Manifest* snapshot = nullptr;
  std::string path;        // in it; "" for all components
};

struct ExportResult {
  uint64_t files = 0, directories = 0, others = 0;   // files: with hard links
  uint64_t bytes = 0;      // of contents
};

// Writes one archive.  What can't be read ends it with an error: half a file can't be taken back.
// Errors: kNotFound, kInvalidArgument for the paths (also two that would get the same name), before anything is written; the store's.
ExportResult export_tar(Repository& repository, const std::vector<ExportItem>& items, TarFilter filter,
                        const std::function<void(ByteView)>& write, Monitor& monitor);

}  // namespace cairn
