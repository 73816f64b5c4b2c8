// The parts of an RDB file's keys, noted while its sorted records go by and given in their order.
//
// Memory:   1 MiB; the rest spills.
// Threads:  one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ingest/parts/parted_source.h"
#include "ingest/redis/rdb/rdb_reader.h"
#include "ingest/redis/spill_buffer.h"
#include "store/bytes.h"

namespace cairn {

class KeyParts {
 public:
  // The next record, in the order of the stored stream and right behind the one before.   `record_name`: as redis_record_name().
  void add(std::string_view record_name, uint8_t type, std::optional<int64_t> expires_ms, uint64_t head_bytes, uint64_t value_bytes);
  // Of several keys of one name the first; then `others`, whose names are greater than any key's.
  std::unique_ptr<PartStream> finish(RdbFlavor flavor, std::unique_ptr<PartStream> others) &&;

 private:
  SpillBuffer spilled_;
  Bytes encoded_;
  std::string last_name_;
};

}  // namespace cairn
