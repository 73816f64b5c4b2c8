// Keys of a snapshot, back into a running server or into an RDB file.
//
//   catalogue → selected keys → RESTORE (pipelined; long values in pieces) | commands (logical) | RDB file
#pragma once

#include <cstdint>
#include <string>

#include "ingest/monitor.h"
#include "ingest/redis/redis_url.h"
#include "ingest/redis/server/selection.h"
#include "store/repository.h"
#include "store/snapshot/manifest.h"

namespace cairn {

struct RedisRestoreOptions {
  RedisSelection selection;
  bool replace = false;     // keys that are there; else they are left, and counted
  bool logical = false;     // SET, RPUSH, HSET … in place of RESTORE: for a server older than the dump
  bool dry_run = false;     // tell through monitor.item
};

struct RedisRestoreResult {
  uint64_t keys = 0, functions = 0;
  uint64_t left = 0;        // there already
  uint64_t expired = 0;     // in the meantime: not restored
  uint64_t failed = 0;      // told to monitor.error
  uint64_t bytes = 0;       // of values
};

// `path`: "cache" all of a component of kind redis, "cache/0" a database, "cache/0/session:42" a key, "cache/functions".
// With a database in the URL everything goes there, else each key into the one it came from.
// Errors: kNotFound, kInvalidArgument for the path; kNotFound when nothing is selected; kUnsupported when the server is older than the values and
//         `logical` isn't set (before anything is written; the message says so); RedisConnection's.
RedisRestoreResult restore_into_redis(Repository& repository, const Manifest& snapshot, const std::string& path, const RedisUrl& url,
                                      const RedisRestoreOptions& options, Monitor& monitor);

// The same into a new RDB file, which appears when it is whole.  A file that is there: kInvalidArgument unless `replace`.
RedisRestoreResult restore_into_rdb(Repository& repository, const Manifest& snapshot, const std::string& path, const std::string& file,
                                    const RedisRestoreOptions& options, Monitor& monitor);

}  // namespace cairn
