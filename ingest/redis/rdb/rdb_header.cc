#include "ingest/redis/rdb/rdb_header.h"

#include <string_view>

#include "ingest/redis/rdb/rdb_types.h"

namespace cairn {

namespace {

constexpr std::string_view kRedisMagic = "REDIS", kValkeyStart = "VALKEY";

}  // namespace

std::optional<rdb::Header> rdb::header_of(ByteView bytes) {
  std::string_view rest = text(bytes.first(kHeaderBytes));
  Header header;
  if (rest.starts_with(kValkeyStart)) {
    header.flavor = RdbFlavor::kValkey;
    rest.remove_prefix(kValkeyStart.size());
  } else if (rest.starts_with(kRedisMagic)) {
    rest.remove_prefix(kRedisMagic.size());
  } else {
    return std::nullopt;
  }
  for (char digit : rest) {
    if (digit < '0' || digit > '9') return std::nullopt;
    header.version = header.version * 10 + (digit - '0');
  }
  return header;
}

bool rdb::known(const Header& header) {
  if (header.flavor == RdbFlavor::kValkey) return header.version == kValkeyVersion;
  return header.version >= 1 && header.version <= kLastRedisVersion;
}

}  // namespace cairn
