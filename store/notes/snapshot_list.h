// All snapshots of a repository with what was noted about them.
#pragma once

#include <string>
#include <vector>

#include "store/notes/notes.h"
#include "store/snapshot/manifest.h"

namespace cairn {

struct SnapshotList {
  std::vector<Manifest> snapshots;        // that can be opened and aren't forgotten, oldest first; notes are applied
  std::vector<SnapshotId> damaged;        // that can't be opened
  std::vector<SnapshotId> standing;       // forgotten, but their files are there
  Notes notes;
  uint64_t generation = 0;                // the highest number of a gc list, 0 without
  // What is wrong, as sentences for people.
  struct Problem {
    std::string file;                     // name in the repository
    std::string what;
  };
  std::vector<Problem> problems;
};

// kWrongKey without the read key.   Threads: thread-safe.
SnapshotList list_snapshots(Backend& backend, const Keyring& keys);
// As they were in a listing with notes/, gc/ and snapshots/; one that has gone since is passed over.
SnapshotList list_snapshots(Backend& backend, const Keyring& keys, const FolderListing& seen);

}  // namespace cairn
