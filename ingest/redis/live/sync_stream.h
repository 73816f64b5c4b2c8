// The RDB that a server sends to a replica.
//
// Without "REPLCONF capa eof" the server writes a file first and tells its length ("$<len>"); a length that isn't known ("$EOF:<mark>",
// the mark again at the end) is understood too.
//
// Threads:  one thread at a time.
// Source:   Redis documentation: replication; REPLCONF rdb-only of Redis 7.
#pragma once

#include <memory>
#include <string>

#include "ingest/monitor.h"
#include "ingest/redis/connection.h"
#include "ingest/stream/stream_source.h"

namespace cairn {

// Asks for the RDB and waits until it begins.  nullptr when the server has no SYNC or this user may not use it: `connection` is then
// as it was, and `refusal` holds the server's words.
// Errors: as open_redis().
std::unique_ptr<StreamSource> open_sync_stream(std::unique_ptr<RedisConnection>& connection, Monitor& monitor, std::string& refusal);

}  // namespace cairn
