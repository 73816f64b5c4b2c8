// Makes index segments good again from what packs say of themselves.
//
// Packs that no readable segment names get new ones.  A segment that can't be read, or that says of a pack what the pack's own
// directory doesn't, is replaced: what is right in it is written into new segments first; it is removed only when asked to, and a
// reader is never held up by one that stays.
#pragma once

#include <string>
#include <vector>

#include "store/check/check.h"

namespace cairn {

struct RepairIndexOptions {
  bool remove = false;    // segments that were replaced
  bool dry_run = false;   // look, and write nothing
  size_t threads = 0;     // that read packs; 0: as many as there are processors, at most 8
};

// A file that something is wrong with, and what became of it.
struct RepairFile {
  std::string name;       // in the repository
  std::string why;        // what is wrong with it
  bool replaceable = true;   // false: nobody knows that it is broken (a newer format, a disk that can't be read): it is never removed
  bool removed = false;
};

struct RepairIndexReport {
  std::vector<RepairFile> segments;   // broken or wrong
  std::vector<RepairFile> packs;      // whose directory can't be read and that no segment knows: what they hold can't be found
  std::vector<std::string> notes;
  uint64_t segments_read = 0, packs_listed = 0;
  uint64_t packs_added = 0, chunks_added = 0, segments_written = 0;   // in a dry run: what would be
};

// kWrongKey when the key may not write.   Order: new segments are durable before an old one is removed.
// Memory:   the chunk lists of the packs of one new segment, and about 150 bytes for each pack of the repository.
RepairIndexReport repair_index(Repository& repository, const RepairIndexOptions& options, CheckProgress& progress);

}  // namespace cairn
