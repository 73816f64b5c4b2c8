// What `restore --to postgresql://…` does: parts of one dump into a server, and how it went.
#pragma once

#include <vector>

#include "cli/commands/wanted.h"
#include "ingest/postgres/server/server_restore.h"

namespace cairn {

// UsageError unless all of it is in one dump of PostgreSQL.  Returns the exit code.
int restore_into_postgres_server(Session& session, const std::vector<Wanted>& wanted, const PostgresRestoreOptions& options);

}  // namespace cairn
