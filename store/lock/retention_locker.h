// Keeps what a repository's snapshots need from being deleted, by whoever stole the storage's credentials: new files are locked when they
// are written, those that are there get longer locks in time.
//
// Locked:   config, keys, packs, index segments, snapshots and notes, all that are there: what is forgotten or dead too, until a prune
//           takes it away, for nobody could tell the rest without reading every tree.  Never leases, gc lists and what is temporary.
// Requests: a lock lasts a quarter longer than was asked for, and is made longer when less than that is left.  Until when which file is
//           locked stands in the cache folder; where that is lost, each file is locked anew once.
// Threads:  one thread at a time; `repository` must outlive this.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "store/repository.h"

namespace cairn {

class RetentionLocker {
 public:
  // From now on new files are locked, until this ends.  The config is locked at once if it isn't: where that can't be done it is known
  // before anything is written.   kInvalidArgument where the storage has no locks, kWrongKey where these credentials may not lock.
  RetentionLocker(Repository& repository, const RetentionLock& lock);
  ~RetentionLocker();

  struct Report {
    uint64_t files = 0;      // that are locked
    uint64_t written = 0;    // of them: with a lock from the first moment
    uint64_t extended = 0;   // of them: that got one now, or a longer one
    int64_t end_s = 0;       // until then all of them are, seconds since the epoch
  };
  // After the snapshot was written.   Errors: the backend's; what was locked until then is known the next time.
  Report extend(const std::function<void()>& check_interrupted);

 private:
  struct Known {
    int64_t end_s = 0;
    RetentionLock::Mode mode = RetentionLock::Mode::kGovernance;
  };
  void load();
  void save();
  bool lasts(const std::string& name, int64_t now_s) const;
  void note(std::string_view name, int64_t end_s);
  void lock(const std::string& name);
  Repository& repository_;
  const int64_t wanted_s_;
  const RetentionLock lock_;   // with its quarter more
  std::mutex mu_;
  std::map<std::string, Known, std::less<>> known_;   // guarded by mu_
  uint64_t written_ = 0, extended_ = 0;               // guarded by mu_
};

}  // namespace cairn
