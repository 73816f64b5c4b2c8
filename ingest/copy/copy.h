// Copies snapshots from one repository into another one with other keys.
//
// Ids are keyed, so nothing can be taken over as it stands: every chunk is opened, verified, given its new id and sealed again, and
// the trees above are written anew.  The source isn't changed.
//
//   origin      the snapshot that was copied, always; what is there already (see is_copied) is skipped, so a copy can be repeated
//   progress    a snapshot stands as soon as it is whole; what an interruption leaves in packs isn't uploaded again
//   memory      bounded: what is known of a run is forgotten when it grows too large, and then looked up again
//
// Cutting:  where chunks end depends on a secret of each repository.  Chunks copied as they are cut keep their ends, which no backup
//           into the destination has; cut anew (`recut`) they have those.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ingest/monitor.h"
#include "store/repository.h"

namespace cairn {

struct CopyOptions {
  bool recut = false;
  size_t threads = 0;        // 0: as many as there are processors, at most 8
};

struct CopyResult {
  uint64_t copied = 0, skipped = 0, failed = 0;   // snapshots
  uint64_t bytes_read = 0;   // plaintext of chunks, from the source
  uint64_t bytes_new = 0;    // plaintext the destination had not seen
  uint64_t bytes_stored = 0; // added to the destination
};

// True when the destination has this snapshot: a copy of it, or the one it is a copy of.
bool is_copied(const std::vector<Manifest>& in_destination, const Manifest& snapshot);

// Called when a snapshot stands in the destination.
using SnapshotCopied = std::function<void(const Manifest& original, const Manifest& copy)>;

// Copies those of `wanted` that aren't there, in their order.  A snapshot that can't be read whole is told to monitor.error and
// counted as failed; the others go on.
// Errors: kWrongKey (either key can't do its part), kInvalidArgument (it is the same repository), those of storing; kInterrupted.
CopyResult copy_snapshots(Repository& source, Repository& destination, const std::vector<Manifest>& wanted, const CopyOptions& options,
                          const SnapshotCopied& copied, Monitor& monitor);

}  // namespace cairn
