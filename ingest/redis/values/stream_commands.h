// From a stream's bytes in an RDB to the commands that make it: XADD, XSETID, XGROUP CREATE, XCLAIM, XGROUP CREATECONSUMER.
//
// What commands can't tell is left out: pending entries that were deleted from the stream, and when a consumer was last seen.
//
// Memory:   an entry's words, the groups with their pending entries; a node if it is compressed.
// Threads:  thread-safe.
// Source:   rdb.c, t_stream.c of Redis 7 (as facts).
#pragma once

#include "ingest/redis/values/value_commands.h"

namespace cairn {

// Whether a value of this type is a stream that stream_commands() knows.
bool is_stream(uint8_t type);

// `counters`: also what only Redis 7 knows, where the value has it: how many entries were ever added and read, the last deleted one.
// Requires: is_stream().
// Errors: kCorrupt; kUnsupported for an entry of more than half a million fields, which no server takes in one command.
void stream_commands(uint8_t type, std::string_view key, ByteView value, bool counters, const EmitCommand& emit);

}  // namespace cairn
