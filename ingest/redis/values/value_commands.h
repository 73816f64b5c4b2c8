// From a value's bytes in an RDB to the commands that make the same value on any server: SET, RPUSH, SADD, ZADD, HSET, XADD …
//
// Understands every encoding up to RDB 12 of Redis and 80 of Valkey: plain, quicklist, listpack, ziplist, zipmap, intset, streams
// with their groups, consumers and pending entries, hashes whose fields expire.  Modules can't be told this way; nor can, yet, what came
// with RDB 13 and 14: streams of types 26 and 27, arrays.
//
// Memory:   a value as its reader gives it, commands of some 64 KiB; compressed strings one at a time, at most 88 times their bytes;
//           what is pending in a stream.
// Threads:  thread-safe.
// Source:   rdb.c, listpack.c, ziplist.c, zipmap.c, intset.c, t_stream.c of Redis 7 (as facts).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "ingest/redis/rdb/rdb_reader.h"
#include "store/bytes.h"

namespace cairn {

using EmitCommand = std::function<void(std::span<const std::string_view> words)>;

// Calls `emit` with commands that build the key, which must not exist before; several elements to a command.  Without EXPIRE.
// The words live during the call.  An empty container gives no command: servers have none.  Scores come as the shortest digits that mean
// exactly them.  A stream's pending entries that were deleted from it, and when its consumers were last seen, can't be told.
// `fields_expire`: the server knows HPEXPIREAT (Redis 7.4, Valkey 9).   `stream_counters`: it is Redis 7.0, Valkey or newer; else how many
// entries a stream ever had and its groups read, and the last deleted one, are left out.
// Errors: kCorrupt for a value that isn't one: some commands may have gone before it is seen, so the key must go, too;
//         kUnsupported for what can't be told: modules; fields that expire, when `fields_expire` is false (before any command);
//         what `emit` throws.  Messages don't name the key.
void value_commands(RdbFlavor flavor, uint8_t type, std::string_view key, ByteView value, bool fields_expire, const EmitCommand& emit,
                    bool stream_counters = true);

}  // namespace cairn
