#include "ingest/redis/redis_component.h"

#include <gtest/gtest.h>

#include "store/error.h"

namespace cairn {
namespace {

ComponentInfo component(const std::string& version, const std::string& flavor) {
  ComponentInfo info;
  info.name = "cache";
  info.properties = {{"rdb.version", version}, {"rdb.flavor", flavor}};
  return info;
}

TEST(RedisComponent, TellsVersionAndFlavor) {
  EXPECT_EQ(rdb_version_of(component("10", "redis")), 10);
  EXPECT_EQ(rdb_version_of(component("80", "valkey")), 80);
  EXPECT_EQ(rdb_flavor_of(component("10", "redis")), RdbFlavor::kRedis);
  EXPECT_EQ(rdb_flavor_of(component("80", "valkey")), RdbFlavor::kValkey);
}

TEST(RedisComponent, WhatIsNoVersionOrFlavorIsDamage) {
  for (const char* version : {"", "x", "10x", "-1", "0", "10000", "99999999999"}) EXPECT_THROW(rdb_version_of(component(version, "redis")), Error) << version;
  for (const char* flavor : {"", "Redis", "mysql"}) EXPECT_THROW(rdb_flavor_of(component("10", flavor)), Error) << flavor;
  EXPECT_THROW(rdb_version_of(ComponentInfo()), Error);
}

}  // namespace
}  // namespace cairn
