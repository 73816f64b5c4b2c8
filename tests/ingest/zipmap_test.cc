#include "ingest/redis/values/zipmap.h"

#include <gtest/gtest.h>

#include "store/error.h"
#include "tests/ingest/packed_bytes.h"

namespace cairn {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs(std::string_view bytes) {
  Pairs out;
  ZipmapReader reader(view(bytes));
  std::string_view field, value;
  while (reader.next(field, value)) out.emplace_back(field, value);
  EXPECT_FALSE(reader.next(field, value)) << "the end stays the end";
  return out;
}

void expect_corrupt_zipmap(std::string_view bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  EXPECT_THROW(pairs({exact.data(), exact.size()}), Error) << ::testing::PrintToString(std::string(bytes));
}

TEST(Zipmap, TheExampleOfItsDescriptionIsRead) {
  // "foo" => "bar", "hello" => "world", as zipmap.c describes them
  const std::string bytes("\x02\x03" "foo" "\x03\0" "bar" "\x05" "hello" "\x05\0" "world" "\xff", 24);
  EXPECT_EQ(pairs(bytes), (Pairs{{"foo", "bar"}, {"hello", "world"}}));
}

TEST(Zipmap, LengthsUnusedBytesAndUnknownCountsAreRead) {
  Pairs some;
  for (size_t size : {0, 1, 253, 254, 255, 70000}) some.emplace_back("f" + std::to_string(size), std::string(size, 'v'));
  EXPECT_EQ(pairs(packed::zipmap(some)), some);
  EXPECT_EQ(pairs(packed::zipmap(some, 4)), some);
  EXPECT_EQ(pairs(packed::zipmap({})), Pairs());
  Pairs many;
  for (int i = 0; i < 300; ++i) many.emplace_back("f" + std::to_string(i), "v");
  EXPECT_EQ(pairs(packed::zipmap(many)), many);
}

TEST(Zipmap, WhatDoesntFitIsRefused) {
  const std::string good = packed::zipmap({{"field", "value"}, {"long", std::string(300, 'v')}}, 2);
  for (size_t size = 0; size < good.size(); ++size) expect_corrupt_zipmap(good.substr(0, size));
  expect_corrupt_zipmap(good + "x");
  std::string bad = good;
  bad[0] = 1;   // pairs
  expect_corrupt_zipmap(bad);
  expect_corrupt_zipmap("\x01\x01" "a" "\xff");   // a field without a value
  expect_corrupt_zipmap(std::string("\x01\xfe\xff\xff\xff\xff\xff", 7));
}

}  // namespace
}  // namespace cairn
