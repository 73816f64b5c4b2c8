#include "store/id.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Id, GoesToHexAndBack) {
  ChunkId id;
  for (size_t i = 0; i < 32; ++i) id.bytes[i] = static_cast<uint8_t>(i * 9);
  EXPECT_EQ(id.hex().size(), 64u);
  EXPECT_EQ(ChunkId::parse(id.hex()), id);
  EXPECT_EQ(ChunkId::from_bytes(id.view()), id);
}

TEST(Id, RefusesEverythingButSixtyFourLowerCaseDigits) {
  std::string good(64, 'a');
  EXPECT_TRUE(PackId::parse(good));
  for (std::string bad : {std::string(), std::string(63, 'a'), std::string(66, 'a'), std::string(64, 'A'), std::string(64, 'g')})
    EXPECT_FALSE(PackId::parse(bad)) << bad;
}

TEST(Id, HexHasTwoDigitsAByte) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0x0f, 0xf0, 0xff}), "000ff0ff");
  EXPECT_EQ(from_hex("000ff0ff"), (Bytes{0x00, 0x0f, 0xf0, 0xff}));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0x"));
}

TEST(Id, KnowsZeroAndOrdersByBytes) {
  ChunkId low, high;
  EXPECT_TRUE(low.is_zero());
  high.bytes[0] = 1;
  EXPECT_FALSE(high.is_zero());
  EXPECT_LT(low, high);
}

}  // namespace
}  // namespace cairn
