// A snapshot with fewer components, and the carrying out of decisions.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "store/repository.h"
#include "store/write/write_session.h"

namespace cairn {

// Makes a snapshot of the components called `names` of `from`: its root directory has only those, everything else is the same: time,
// host, tags (those of notes), and its place in its author's chain.  It tells where it came from (origin, original_author).
// `from` stays: forget it with replaced_by.   Uses up `session`.
// kWrongKey unless an owner's key; kInvalidArgument for no names, all of them, or unknown ones, and for what is protected or late;
// kLocked when somebody forgot `from` meanwhile: then there is no new snapshot.
Manifest reduce_snapshot(Repository& repository, WriteSession& session, const Manifest& from, std::span<const std::string> names);

struct Reduction {
  const Manifest* snapshot = nullptr;
  std::vector<std::string> components;   // to keep
};
// Makes the reduced snapshots, then forgets what they were made from, and `forgotten`.  Returns the new ids by the old ones.
// `step` is called before each reduction; when it throws, what was reduced until then is in order, and the rest is as it was.
std::map<SnapshotId, SnapshotId> carry_out(Repository& repository, std::span<const SnapshotId> forgotten, std::span<const Reduction> reductions,
                                           const std::function<void()>& step);

}  // namespace cairn
