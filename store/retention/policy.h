// Which snapshots to keep, and why: rules applied to what is known of the snapshots, and nothing else (no files, no clock).
//
// A group is judged by itself, newest first.  Whatever the rules say, these stay: the newest of a group (and the newest complete one), the
// newest that was ever verified, protected ones, and those that nobody can vouch for yet (late).
// An incomplete snapshot takes nobody's place: a rule that keeps 7 days keeps the 7 newest days with a complete snapshot, and what is
// among the 7 newest days anyway.
// With rules for single components each component has a line of its own, all snapshots of the group that have it; a snapshot keeps the
// components that their lines keep.
//
// Threads:  functions are thread-safe.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "store/id.h"
#include "store/retention/rules.h"

namespace cairn {

struct RetentionPolicy {
  KeepRules general;
  std::map<std::string, KeepRules> components;   // rules of their own; "inside one snapshot" mode when there are any
};

// What the rules must know of one snapshot.
struct RetentionSnapshot {
  struct Component {
    std::string name;
    bool incomplete = false;
  };
  SnapshotId id;
  std::string group;                   // those that share it are judged together
  int64_t time_ns = 0;                 // believed (store/retention/arrivals.h)
  std::vector<std::string> tags;
  std::vector<Component> components;
  bool is_protected = false;
  bool verified = false;               // a check or a drill of it succeeded
  bool late = false;                   // a prune took its backup for dead, and nobody has checked it since
  std::string doubt;                   // why time_ns isn't what it claims; its components aren't parted then.  "" when it is
  std::string held;                    // why it must not be forgotten now; "" when nothing speaks against it
};

struct Decision {
  bool keep = true;
  std::vector<std::string> reasons;    // "daily 3 of 7", "protected" …; of what is forgotten too; at least one
  std::vector<std::string> components; // the only ones to keep; empty: all of them
  bool reduced() const { return !components.empty(); }
};

// One for each snapshot, in their order.   kInvalidArgument for a policy without any rule: it would keep nothing.
std::vector<Decision> decide(std::span<const RetentionSnapshot> snapshots, const RetentionPolicy& policy);

}  // namespace cairn
