// The snapshots of a repository as the rules see them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "store/retention/policy.h"
#include "store/snapshot/manifest.h"

namespace cairn {

// What snapshots must have in common to be judged together.  Those of different writers never are.
struct GroupBy {
  bool host = true, components = true, tags = false;
};
// "host,components,tags", any of them; "none".   kInvalidArgument.
GroupBy parse_group_by(std::string_view text);

struct CandidateOptions {
  GroupBy group_by;
  bool by_component = false;   // rules for single components: snapshots with other components are of one line
  bool allow_burst = false;    // what arrived in a flood may be forgotten, and push others out
};

// One for each snapshot, in their order.  Requires: `snapshots` are all there are, with what was noted about them: whom to believe is
// seen from the others.  `created_ns`: Config::created_ns.   Threads: thread-safe.
std::vector<RetentionSnapshot> retention_snapshots(std::span<const Manifest> snapshots, const CandidateOptions& options, int64_t created_ns);

}  // namespace cairn
