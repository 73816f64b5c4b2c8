// A record of an RDB file while it is being sorted.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "store/bytes.h"

namespace cairn {

// What a RecordSorter keeps of a record beneath its name.
struct SortedRecord {
  uint64_t position = 0;               // in the original
  uint8_t type = 0;
  std::optional<int64_t> expires_ms;
  uint64_t head_bytes = 0;             // of the record, before its value: expiry, type, name
  ByteView use;
  uint64_t record_bytes = 0, ranks_bytes = 0;
  // Not spilled: `record` and `ranks`.  Else they follow each other in the buffer of long records.
  bool spilled = false;
  ByteView record, ranks;
  uint64_t spill_begin = 0;

  // `pieces`: of the record, unless it is spilled.  A view into `scratch`, until that changes.
  ByteView encode(std::span<const ByteView> pieces, Buffer& scratch) const;
  // Of what encode() wrote.
  static SortedRecord decode(ByteView bytes);
};

}  // namespace cairn
