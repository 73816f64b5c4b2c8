// What a server takes: which RDB version may stand in a DUMP payload for it, and the commands it knows.   Thread-safe.
//
// Source:   RDB versions of Redis 2.6 to 8.8 and Valkey 7.2 to 9; RESTORE refuses a payload by its version's number, whatever its type.
#pragma once

#include <optional>
#include <string>

#include "ingest/redis/connection.h"
#include "ingest/redis/rdb/rdb_reader.h"

namespace cairn {

// Of a snapshot's keys.
struct RdbOrigin {
  RdbFlavor flavor = RdbFlavor::kRedis;
  int version = 0;
};

class ServerLevel {
 public:
  // `info`: nullopt when the server doesn't tell; then it is taken for one that knows all that the origin's does.
  ServerLevel(const std::optional<RedisServerInfo>& info, RdbOrigin origin);

  // Whether there are types in such a file that the server may not know.
  bool may_lack_types() const { return most_ < origin_.version; }
  // The version for the footer of a payload; nullopt: the server can't know the type.
  std::optional<int> payload_version(uint8_t type) const;
  // HPEXPIREAT.
  bool fields_expire() const { return fields_expire_; }
  // XSETID … ENTRIESADDED, XGROUP … ENTRIESREAD.
  bool stream_counters() const { return stream_counters_; }
  bool has_restore_absttl() const { return absttl_; }
  // "Redis 7.0.15".
  const std::string& name() const { return name_; }
  // The highest version for the origin's types.
  int most() const { return most_; }

 private:
  RdbOrigin origin_;
  int most_;
  bool fields_expire_ = true, stream_counters_ = true, absttl_ = true;
  std::string name_ = "the server";
};

}  // namespace cairn
