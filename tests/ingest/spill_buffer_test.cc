#include "ingest/redis/spill_buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace cairn {
namespace {

TEST(SpillBuffer, GivesBackWhatCame) {
  std::mt19937_64 random(1);
  SpillBuffer buffer;
  std::string all;
  for (int i = 0; i < 3000; ++i) {
    std::string piece(i % 500 == 0 ? random() % 2'000'000 : random() % 5000, static_cast<char>(i));
    EXPECT_EQ(buffer.append(view(piece)), all.size());
    all += piece;
    if (i % 100 != 0 || all.empty()) continue;
    const size_t at = random() % all.size(), size = random() % (all.size() - at);
    std::string got(size, '\0');
    buffer.read(at, {reinterpret_cast<uint8_t*>(got.data()), got.size()});
    ASSERT_TRUE(got == all.substr(at, size));
  }
  ASSERT_EQ(buffer.size_bytes(), all.size());
  SpillCursor cursor(buffer);
  std::string got;
  while (cursor.left_bytes() > 0) {
    const uint64_t size = std::min<uint64_t>(cursor.left_bytes(), random() % 700'000);
    got += text(cursor.take(static_cast<size_t>(size)));
  }
  EXPECT_TRUE(got == all);
}

TEST(SpillBuffer, ACursorReadsNumbers) {
  SpillBuffer buffer;
  const Bytes bytes{0x05, 0xac, 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
  buffer.append(bytes);
  SpillCursor cursor(buffer);
  EXPECT_EQ(cursor.varint(), 5u);
  EXPECT_EQ(cursor.varint(), 300u);
  EXPECT_EQ(cursor.varint(), UINT64_MAX);
  EXPECT_EQ(cursor.left_bytes(), 0u);
}

TEST(SpillBuffer, MovedWithWhatItHolds) {
  SpillBuffer buffer;
  buffer.append(Bytes(3 << 20, 'a'));
  buffer.append(Bytes(10, 'b'));
  SpillBuffer moved = std::move(buffer);
  uint8_t last[2];
  moved.read((3 << 20) - 1, last);
  EXPECT_EQ(last[0], 'a');
  EXPECT_EQ(last[1], 'b');
}

}  // namespace
}  // namespace cairn
