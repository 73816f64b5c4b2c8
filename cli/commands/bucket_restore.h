// What `restore --to s3://…` does: a bucket or a directory tree into a bucket, and how it went.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/wanted.h"
#include "ingest/restore.h"

namespace cairn {

// UsageError unless all of it is in one component that is a bucket or a directory tree.  Returns the exit code.
int restore_to_bucket(Session& session, const std::vector<Wanted>& wanted, const std::string& to, const RestoreOptions& options);

}  // namespace cairn
