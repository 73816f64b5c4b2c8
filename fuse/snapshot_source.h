// The snapshots that are mounted, as they come and go: looked for when somebody looks, but not more often than every other second.
//
// Memory:   the manifests of all snapshots that were ever seen.
// Threads:  thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "fuse/snapshot_names.h"
#include "ingest/monitor.h"
#include "store/repository.h"

namespace cairn {

class SnapshotSource {
 public:
  static constexpr int64_t kLookEveryNs = 2'000'000'000;

  // Both must outlive this.   Errors: list_snapshots()'s.
  SnapshotSource(Repository& repository, Monitor& monitor, int64_t look_every_ns = kLookEveryNs);

  // Calls use(const SnapshotNames&) with what is there now.  A storage that can't be asked changes nothing (a warning tells).
  template <class Use>
  auto with_names(Use use) {
    look();
    std::shared_lock lock(mu_);
    return use(*names_);
  }
  // Also of a snapshot that is gone; nullptr of one that never was.  Valid as long as this.
  const Manifest* manifest(const SnapshotId& id) const;
  // Goes up whenever there are others.
  uint64_t changes() const { return changes_; }

 private:
  void look();
  void load();
  std::vector<std::string> files() const;
  Repository& repository_;
  Monitor& monitor_;
  const int64_t look_every_ns_;
  std::atomic<int64_t> looked_ns_{0};
  std::atomic<uint64_t> changes_{0};
  std::mutex loading_mu_;                                              // one looks, the others go on with what they have
  std::vector<std::string> files_;                                     // guarded by loading_mu_; that the names were made of
  std::string trouble_;                                                // guarded by loading_mu_; told last
  mutable std::mutex manifests_mu_;
  std::map<SnapshotId, std::unique_ptr<const Manifest>> manifests_;    // guarded by manifests_mu_; they stay
  std::shared_mutex mu_;
  std::unique_ptr<const SnapshotNames> names_;                         // guarded by mu_
};

}  // namespace cairn
