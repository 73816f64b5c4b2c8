// The directories above the snapshots: each snapshot is a directory under its id, and links lead to it by time, host and tag.
//
//   by-id/0123456789abcdef/
//   by-time/2026-11-20/03-00-12     -> ../../by-id/0123456789abcdef    local time; a second one of the same second: 03-00-12-01234567
//   hosts/web1/latest               -> ../../by-id/...
//   hosts/web1/2026-11-20T03-00-12  -> ../../by-id/...
//   tags/nightly/...                   likewise
//   latest                          -> by-id/...
//
// Links rather than directories: a directory has one place.  Names of hosts and tags are escaped as those of parts are.
//
// Threads:  immutable, thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/snapshot/manifest.h"

namespace cairn {

struct SnapshotName {
  std::string name;
  std::string target;            // of a link, "" for a directory
  SnapshotId snapshot;           // of a directory that is a snapshot, or the one a link leads to; else zero
  int64_t time_ns = 0;           // of the snapshot; of other directories: of the newest one in it
};

class SnapshotNames {
 public:
  // `snapshots`: as list_snapshots() gives them, oldest first.
  explicit SnapshotNames(const std::vector<Manifest>& snapshots);

  // What is in a directory ("": the root, "by-time/2026-11-20"), sorted by name; nullptr when there is no such directory, or it is a
  // snapshot.
  const std::vector<SnapshotName>* directory(const std::string& path) const;
  // nullptr when there is nothing of this path.   Requires: not "".
  const SnapshotName* find(const std::string& path) const;
  int64_t newest_ns() const { return newest_ns_; }

 private:
  std::map<std::string, std::vector<SnapshotName>> directories_;
  int64_t newest_ns_ = 0;
};

}  // namespace cairn
