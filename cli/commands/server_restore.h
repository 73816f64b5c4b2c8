// What `restore --to URL` does: parts of one component into a server, and how it went.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "ingest/postgres/server/server_restore.h"

namespace cairn {

// What is restored: a snapshot, and "component/a/b" in it.
struct Wanted {
  const Manifest* snapshot = nullptr;
  std::string path;
};

// UsageError unless all of it is in one dump of PostgreSQL.  Returns the exit code.
int restore_into_server(Session& session, const std::vector<Wanted>& wanted, const PostgresRestoreOptions& options);

// Refuses what isn't of this version of the application (kUnsupported, naming both); also a component that tells none.
void require_version(const std::vector<Wanted>& wanted, const std::string& expected);

}  // namespace cairn
