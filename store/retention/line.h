// One line of snapshots judged by one set of rules.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/retention/policy.h"

namespace cairn {

struct LineMember {
  const RetentionSnapshot* snapshot = nullptr;
  bool incomplete = false;
  std::vector<std::string> reasons;   // why it is kept; none: no reason to
  bool last_verified = false;
};

// Fills in the reasons, newest first on return.  Late members are left out of everything and get none.
// `of`: what the line is, for the reasons: "its group".   Threads: thread-safe.
void judge_line(std::vector<LineMember>& line, const KeepRules& rules, const std::string& of);

}  // namespace cairn
