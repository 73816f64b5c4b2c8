// --retention-lock, for the commands that write what snapshots need.
//
// Threads:  one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "cli/arguments.h"
#include "cli/session.h"
#include "store/lock/retention_locker.h"

namespace cairn {

// "30d", "governance:30d".   UsageError.
RetentionLock parse_retention_lock(const std::string& text);

class RetentionLockOption {
 public:
  void declare(Arguments& to);
  bool given() const { return !text_.empty(); }
  // Looks whether what was typed makes sense, before a password is asked for.   UsageError.
  void check(const Session& session);
  // Before anything is written; nullptr when the option wasn't given.  The session must outlive it.   The locker's errors.
  std::unique_ptr<RetentionLocker> begin(Session& session) const;

 private:
  std::string text_;
  RetentionLock lock_;
};

// After all is written: locks, and tells.  False when not everything could be locked, which is told as an error; what was written stays.
// True without a locker.   Errors: kInterrupted.
bool finish_locking(Session& session, RetentionLocker* locker);

}  // namespace cairn
