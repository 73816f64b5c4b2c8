// What stands behind a stream's entries: its last id, counters and groups.
// Threads:  thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ingest/redis/values/stream_node.h"
#include "ingest/redis/values/value_reader.h"

namespace cairn {

struct StreamPending {
  StreamId id;
  int64_t delivered_ms = 0;   // since 1970
  uint64_t deliveries = 0;
};

struct StreamConsumer {
  ByteView name;                        // see ValueReader::encoded_string()
  std::vector<StreamPending> pending;   // by id
};

struct StreamGroup {
  ByteView name;               // as a consumer's
  StreamId last;
  int64_t entries_read = -1;   // -1: not known
  std::vector<StreamConsumer> consumers;
};

// What Redis 7 keeps beside the entries.
struct StreamCounters {
  StreamId last_deleted;
  uint64_t entries_added = 0;
};

struct StreamTail {
  uint64_t entries = 0;
  StreamId last;
  std::optional<StreamCounters> counters;
  std::vector<StreamGroup> groups;
};

// Reads to the end of the value; `in` stands behind the last node.   `type`: 15, 19 or 21.   The names are in the value.
// Errors: kCorrupt, also when the group and its consumers disagree about what is pending.
StreamTail read_stream_tail(ValueReader& in, uint8_t type);

}  // namespace cairn
