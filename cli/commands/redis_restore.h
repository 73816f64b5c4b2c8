// What `restore --to redis://…` and `--to FILE.rdb` do: keys of one component into a server or a file, and how it went.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/wanted.h"
#include "ingest/redis/server/redis_restore.h"

namespace cairn {

// Whether `to` names a server of this kind, or an RDB file.
bool is_redis_target(const std::string& to);

// UsageError unless all of it is in one component of kind redis.  Returns the exit code.
int restore_redis_keys(Session& session, const std::vector<Wanted>& wanted, const std::string& to, const RedisRestoreOptions& options);

}  // namespace cairn
