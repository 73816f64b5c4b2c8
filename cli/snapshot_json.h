// What commands say to programs of snapshots and their components; rules as in cli/json.h.
//
// Threads:  functions are thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "ingest/backup.h"
#include "ingest/copy/copy.h"
#include "store/keys/key_card.h"
#include "store/retention/policy.h"
#include "store/snapshot/manifest.h"

namespace cairn {

std::string backup_json(const BackupResult& result, uint64_t errors, bool dry_run);
// `author`: the card of the key it counts as; nullptr for a key without one, or one that was removed.
std::string snapshot_json(const Manifest& snapshot, const KeyCard* author = nullptr);
// One line for each component of a snapshot, or of all of them together (then `snapshots` counts where it is in).
std::string component_json(const ComponentInfo& component, std::optional<uint64_t> snapshots);
// `doubt`: why the snapshot's time isn't believed, "" when it is.
std::string decision_json(const Manifest& snapshot, const Decision& decision, const std::string& doubt);
struct ForgetCounts {
  uint64_t forgotten = 0, reduced = 0, kept = 0;
};
// `replaced`: the new ids of what was reduced, by the old ones.
std::string forget_json(const ForgetCounts& counts, const std::map<SnapshotId, SnapshotId>& replaced, bool dry_run);
std::string tags_json(const Manifest& snapshot);
// `changes`: of tags or protection, of all these snapshots.
std::string tag_summary_json(uint64_t snapshots, uint64_t changes);
// One snapshot of a copy, and the copy as a whole.
std::string copied_json(const SnapshotId& original, const SnapshotId& copy);
std::string copy_json(const CopyResult& result, uint64_t duration_ns);

}  // namespace cairn
