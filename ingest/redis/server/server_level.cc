#include "ingest/redis/server/server_level.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "store/error.h"

namespace cairn {

namespace {

struct Level {
  int major, minor, rdb;
};
constexpr std::array<Level, 9> kRedis = {
    {{8, 8, 14}, {8, 6, 13}, {7, 4, 12}, {7, 2, 11}, {7, 0, 10}, {5, 0, 9}, {4, 0, 8}, {3, 2, 7}, {2, 6, 6}}};
constexpr int kLastShared = 11;         // Redis and Valkey went their own ways behind it
constexpr int kValkeyOwn = 80;          // since Valkey 9

std::pair<int, int> numbers_of(const std::string& version) {
  int major = 0, minor = 0;
  const char* end = version.data() + version.size();
  const char* at = std::from_chars(version.data(), end, major).ptr;
  if (at < end && *at == '.') std::from_chars(at + 1, end, minor);
  return {major, minor};
}

int redis_level(std::pair<int, int> version) {
  for (const Level& level : kRedis)
    if (version >= std::pair(level.major, level.minor)) return level.rdb;
  return 0;
}

}  // namespace

ServerLevel::ServerLevel(const std::optional<RedisServerInfo>& info, RdbOrigin origin) : origin_(origin), most_(origin.version) {
  if (!info) return;
  const std::pair<int, int> version = numbers_of(info->version);
  name_ = (info->valkey ? "Valkey " : "Redis ") + printable(info->version);
  absttl_ = version >= std::pair(5, 0);
  if (info->valkey) {
    const bool own = version >= std::pair(9, 0);
    fields_expire_ = own;
    most_ = own && origin.flavor == RdbFlavor::kValkey ? kValkeyOwn : kLastShared;
  } else {
    fields_expire_ = version >= std::pair(7, 4);
    stream_counters_ = version >= std::pair(7, 0);
    most_ = redis_level(version);
    if (origin.flavor == RdbFlavor::kValkey) most_ = std::min(most_, kLastShared);
  }
}

std::optional<int> ServerLevel::payload_version(uint8_t type) const {
  if (rdb_version_of_type(origin_.flavor, type) > most_) return std::nullopt;
  return std::min(origin_.version, most_);
}

}  // namespace cairn
