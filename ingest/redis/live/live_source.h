// A running Redis or Valkey as a source: its RDB, as a replica would get it.
//
// SYNC needs no more than "+sync +replconf", doesn't block the server and is a picture of one instant.  Where it is forbidden the
// keys are read one by one (SCAN, DUMP, PEXPIRETIME or PTTL, FUNCTION LIST), an RDB is made of them, and a warning says that it isn't
// of one instant.  With a database in the URL only that one is read (by SCAN), without functions.
#pragma once

#include <memory>

#include "ingest/monitor.h"
#include "ingest/redis/redis_url.h"
#include "ingest/stream/stream_source.h"

namespace cairn {

// Errors of reading: a server that closes the connection, goes away, answers LOADING or can't fork: kIo, in plain words; a
// password or right that is missing.  finish() throws unless the RDB came whole (its end, checksum and the length that was told).
std::unique_ptr<StreamSource> open_redis(const RedisUrl& url, Monitor& monitor);

}  // namespace cairn
