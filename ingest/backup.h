// The backup of one or more components into one snapshot: all of them or nothing.
//
//   sources → pieces → [cut · id · claim · compress · seal] → session → backend      (reader | workers | caller, input order)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/bucket/bucket_address.h"
#include "ingest/monitor.h"
#include "ingest/parts/open_parts.h"
#include "ingest/postgres/live/live_source.h"
#include "ingest/redis/redis_url.h"
#include "ingest/tree/walk.h"
#include "store/repository.h"

namespace cairn {

// Where one component comes from.
struct SourceSpec {
  enum class Kind { kPath, kStdin, kShell, kCommand, kPostgres, kRedis, kBucket };
  Kind kind = Kind::kPath;
  std::string name;               // of the component
  std::string path;               // kPath
  std::string script;             // kShell: for /bin/sh -c
  std::vector<std::string> argv;  // kCommand: without a shell
  std::optional<PostgresSourceOptions> postgres;  // kPostgres
  std::optional<RedisUrl> redis;  // kRedis
  std::optional<BucketAddress> bucket;   // kBucket
  std::string description;        // for the snapshot, without secrets: the path, "stdin", "exec:…"
};

struct BackupOptions {
  std::vector<std::string> tags;
  std::string host;               // "" : this machine's name
  WalkOptions walk;
  StreamFormat format = StreamFormat::kAuto;  // of streams, and of files and directories that are components
  const Secret* document_key = nullptr;  // opens sealed documents
  bool document_key_must_fit = false;    // nothing is recorded when it opens none of the sources; else that is only told
  bool force = false;             // read every file, whatever the previous snapshot says
  bool dry_run = false;           // tell through monitor.item what would be done; write nothing
  size_t threads = 0;             // 0: as many as there are processors, at most 8
  std::optional<Compression> compression;    // in place of the repository's
  std::optional<ChunkSize> file_chunks;      // likewise, of files in trees
};

struct BackupResult {
  Manifest manifest;              // as committed; id zero after a dry run
  bool incomplete = false;        // some source files could not be read: exit code 3
};

// Errors: kInvalidArgument (two components of one name, no source that exists), kNotFound (no source exists), kIo (a command or a
// bucket's list failed), kWrongKey (document_key) and the store's; nothing is recorded then.  What can't be read of several is told to monitor.error.
BackupResult backup(Repository& repository, const std::vector<SourceSpec>& sources, const BackupOptions& options, Monitor& monitor);

}  // namespace cairn
