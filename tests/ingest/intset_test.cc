#include "ingest/redis/values/intset.h"

#include <gtest/gtest.h>

#include <limits>

#include "store/error.h"
#include "tests/ingest/packed_bytes.h"

namespace cairn {
namespace {

std::vector<int64_t> values(std::string_view bytes) {
  std::vector<int64_t> out;
  IntsetReader reader(view(bytes));
  for (int64_t one; reader.next(one);) out.push_back(one);
  return out;
}

TEST(Intset, EveryWidthIsRead) {
  EXPECT_EQ(values(packed::intset(2, {-32768, -1, 0, 32767})), (std::vector<int64_t>{-32768, -1, 0, 32767}));
  EXPECT_EQ(values(packed::intset(4, {-2147483648, 2147483647})), (std::vector<int64_t>{-2147483648, 2147483647}));
  constexpr int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(values(packed::intset(8, {least, 5, most})), (std::vector<int64_t>{least, 5, most}));
  EXPECT_EQ(values(packed::intset(2, {})), std::vector<int64_t>());
}

TEST(Intset, WhatDoesntFitIsRefused) {
  const std::string good = packed::intset(4, {1, 2, 3});
  for (size_t size = 0; size < good.size(); ++size) EXPECT_THROW(values(good.substr(0, size)), Error) << size;
  EXPECT_THROW(values(good + "x"), Error);
  EXPECT_THROW(values(packed::intset(3, {1})), Error);
  EXPECT_THROW(values(packed::intset(0, {})), Error);
  EXPECT_THROW(values(packed::little(8, 4) + packed::little(0x20000000, 4)), Error);   // 4 GiB of integers: 0 in 32 bits
}

}  // namespace
}  // namespace cairn
