// The keys of a server, read one after another, as an RDB: where SYNC can't be used, or one database alone is wanted.
//
// Each database: SCAN, and for each key its expiry (PEXPIRETIME; PTTL and TIME before Redis 7) and DUMP, pipelined.  Each value is what
// it was at one instant, all together are not; keys that go in between aren't there.  Functions: FUNCTION LIST WITHCODE.
// Rights: +scan +dump +pexpiretime (or +pttl +time) ~*, and as far as there is a use for them +select +info +function|list.
//
// Memory:   1 MiB, the names of one answer to SCAN, and some 16 bytes a key of a database: SCAN may name a key twice, so a random-keyed
//           hash of 64 bits of each is kept.  (Of 10 million keys one is lost to a chance equality once in 300,000 backups.)
// Threads:  one thread at a time.
// Source:   Redis documentation: SCAN, DUMP, FUNCTION LIST, INFO.
#pragma once

#include <memory>

#include "ingest/monitor.h"
#include "ingest/redis/connection.h"
#include "ingest/stream/stream_source.h"

namespace cairn {

// All databases and functions, or with a database in the URL that one alone, without functions.
// Errors: kIo, out of read() too: a right that is missing, a key that may not be read, what RedisConnection throws.
std::unique_ptr<StreamSource> open_scan_stream(std::unique_ptr<RedisConnection> connection, const RedisServerInfo& info, Monitor& monitor);

}  // namespace cairn
