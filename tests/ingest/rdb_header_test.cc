#include "ingest/redis/rdb/rdb_header.h"

#include <gtest/gtest.h>

#include <string>

namespace cairn {
namespace {

TEST(RdbHeader, TellsWhoseFileItIsAndItsVersion) {
  const auto redis = rdb::header_of(view("REDIS0011"));
  ASSERT_TRUE(redis);
  EXPECT_EQ(redis->flavor, RdbFlavor::kRedis);
  EXPECT_EQ(redis->version, 11);
  const auto valkey = rdb::header_of(view("VALKEY080"));
  ASSERT_TRUE(valkey);
  EXPECT_EQ(valkey->flavor, RdbFlavor::kValkey);
  EXPECT_EQ(valkey->version, 80);
  EXPECT_EQ(rdb::header_of(view("REDIS0007 and what follows"))->version, 7);
}

TEST(RdbHeader, OtherBeginningsAreNone) {
  for (const char* beginning : {"REDIS00x1", "REDIS-001", "REDIS 001", "redis0011", "VALKEY08:", "VALKE0080", "*3\r\n$3\r\nSE"})
    EXPECT_FALSE(rdb::header_of(view(beginning))) << beginning;
}

TEST(RdbHeader, KnownVersionsDependOnTheMagic) {
  for (int version = 0; version < 10'000; ++version) {
    EXPECT_EQ(rdb::known({RdbFlavor::kRedis, version}), version >= 1 && version <= 14) << version;
    EXPECT_EQ(rdb::known({RdbFlavor::kValkey, version}), version == 80) << version;
  }
}

}  // namespace
}  // namespace cairn
