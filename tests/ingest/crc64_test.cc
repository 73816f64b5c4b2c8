#include "ingest/redis/rdb/crc64.h"

#include <gtest/gtest.h>

#include <random>

namespace cairn {
namespace {

Bytes random_bytes(size_t size) {
  std::mt19937_64 random(size);
  Bytes out(size);
  for (uint8_t& byte : out) byte = static_cast<uint8_t>(random());
  return out;
}

// As the definition says, bit by bit.
uint64_t plain(uint64_t crc, ByteView bytes) {
  for (uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x95ac9329ac4bc9b5 : 0);
  }
  return crc;
}

TEST(Crc64, TheCheckValueIsRight) {
  EXPECT_EQ(crc64(0, view("123456789")), 0xe9c6d914c4b8d9ca);
  EXPECT_EQ(crc64(0, {}), 0u);
  EXPECT_EQ(crc64(7, {}), 7u);
}

TEST(Crc64, EveryLengthAndPlaceGivesWhatTheDefinitionSays) {
  const Bytes bytes = random_bytes(1100);
  for (size_t size = 0; size <= 700; ++size) {
    const ByteView part = ByteView(bytes).subspan(size % 37, size);
    ASSERT_EQ(crc64(0, part), plain(0, part)) << size;
    ASSERT_EQ(crc64(0xfedcba9876543210, part), plain(0xfedcba9876543210, part)) << size;
  }
}

TEST(Crc64, PiecesOfAnySizeGiveTheSameAsTheWhole) {
  const Bytes bytes = random_bytes(1 << 20);
  const uint64_t whole = plain(0, bytes);
  EXPECT_EQ(crc64(0, bytes), whole);
  std::mt19937 random(1);
  for (size_t most : {17, 130, 5000, 300'000}) {
    uint64_t crc = 0;
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = std::min(random() % most + 1, bytes.size() - at);
      crc = crc64(crc, ByteView(bytes).subspan(at, size));
      at += size;
    }
    EXPECT_EQ(crc, whole) << most;
  }
}

TEST(Crc64, BehindItsOwnChecksumItIsZero) {
  Bytes bytes = random_bytes(12'345);
  const uint64_t crc = crc64(0, bytes);
  for (unsigned i = 0; i < 8; ++i) bytes.push_back(static_cast<uint8_t>(crc >> 8 * i));
  EXPECT_EQ(crc64(0, bytes), 0u);
}

}  // namespace
}  // namespace cairn
