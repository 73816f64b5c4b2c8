// A record of an RDB file while it is being sorted.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "store/bytes.h"

namespace cairn {

// What a RecordSorter keeps of a record beneath its name.
struct SortedRecord {
  uint32_t position = 0;               // in the original
  uint8_t type = 0;
  std::optional<int64_t> expires_ms;
  uint32_t head_bytes = 0;             // of the record, before its value: expiry, type, name
  ByteView use;
  uint64_t record_bytes = 0, ranks_bytes = 0;
  // Not spilled: `record` and `ranks`.  Else they follow each other in the buffer of long records.
  bool spilled = false;
  ByteView record, ranks;
  uint64_t spill_begin = 0;

  static constexpr size_t kMostHeadBytes = 64;
  // What it is encoded as: this, its use and, unless it is spilled, its ranks and the record.   A view into `into`.
  ByteView encode_head(std::span<uint8_t, kMostHeadBytes> into) const;
  // Of all of these.
  static SortedRecord decode(ByteView bytes);
};

}  // namespace cairn
