// Reads hashes of every encoding, also those whose fields expire.
// Threads:  thread-safe.
// Source:   rdb.c, t_hash.c of Redis 7.4 and of Valkey 9 (as facts).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "ingest/redis/rdb/rdb_reader.h"
#include "ingest/redis/values/value_reader.h"

namespace cairn {

struct HashField {
  std::string_view name, value;        // live during the call
  std::optional<int64_t> expires_ms;   // since 1970
};

// Whether a value of this type is a hash that read_hash() knows.
bool is_hash(RdbFlavor flavor, uint8_t type);
// Whether its fields may expire.
bool may_expire_fields(uint8_t type);

// Calls `field` for each.   Requires: is_hash().   Errors: kCorrupt.
void read_hash(uint8_t type, RdbFlavor flavor, ValueReader& in, const std::function<void(const HashField&)>& field);

}  // namespace cairn
