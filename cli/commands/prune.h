// Freeing space, for the commands that do it: prune, and forget --prune.
#pragma once

#include "cli/session.h"
#include "store/prune/prune.h"

namespace cairn {

class RetentionLockOption;

// Prunes, locks what stays (when `lock` says so) and tells: for people in words, for programs as a summary.  Returns the exit code.
int run_prune(Session& session, const PruneOptions& options, const RetentionLockOption* lock = nullptr);

}  // namespace cairn
