#include "ingest/redis/values/listpack.h"

#include <gtest/gtest.h>

#include <limits>

#include "store/error.h"
#include "tests/ingest/packed_bytes.h"

namespace cairn {
namespace {

std::vector<std::string> texts(std::string_view bytes) {
  std::vector<std::string> out;
  ListpackReader reader(view(bytes));
  for (PackedElement one; reader.next(one);) out.emplace_back(one.text());
  PackedElement none;
  EXPECT_FALSE(reader.next(none)) << "the end stays the end";
  return out;
}

// An allocation of its own, so that a sanitizer sees a read beyond the end.
void expect_corrupt_listpack(std::string_view bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  try {
    texts({exact.data(), exact.size()});
    ADD_FAILURE() << "taken: " << ::testing::PrintToString(std::string(bytes));
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kCorrupt);
  }
}

TEST(Listpack, BytesThatRedisWroteAreRead) {
  // RPUSH of Redis 7.0.15: "a", 1, -1, "hello world", 70000
  const std::string bytes("\x21\0\0\0\x05\0\x81\x61\x02\x01\x01\xdf\xff\x02\x8bhello world\x0c\xf2\x70\x11\x01\x04\xff", 33);
  EXPECT_EQ(texts(bytes), (std::vector<std::string>{"a", "1", "-1", "hello world", "70000"}));
}

TEST(Listpack, IntegersAreReadAtTheEdgesOfEveryEncoding) {
  std::vector<packed::Element> elements;
  std::vector<std::string> want;
  for (int bits : {7, 12, 15, 23, 31}) {
    for (int64_t edge : {-1, 0, 1}) {
      for (int64_t sign : {-1, 1}) elements.emplace_back(sign * (int64_t{1} << bits) + edge);
    }
  }
  elements.emplace_back(std::numeric_limits<int64_t>::min());
  elements.emplace_back(std::numeric_limits<int64_t>::max());
  elements.emplace_back(0);
  for (const auto& element : elements) want.push_back(std::to_string(element.integer));
  EXPECT_EQ(texts(packed::listpack(elements)), want);
}

TEST(Listpack, StringsAreReadAtTheEdgesOfEveryEncodingAndLength) {
  for (size_t size : {0, 1, 62, 63, 64, 124, 125, 126, 127, 4095, 4096, 16376, 16377, 16378, 16379, 2097140, 2097145, 2097146, 2097150}) {
    const std::string text(size, 'x');
    EXPECT_EQ(texts(packed::listpack({"before", text, 7})), (std::vector<std::string>{"before", text, "7"})) << size;
  }
}

TEST(Listpack, AStringOfDigitsIsntAnInteger) {
  const std::string bytes = packed::listpack({"12", 12});
  ListpackReader reader(view(bytes));
  PackedElement one;
  ASSERT_TRUE(reader.next(one));
  EXPECT_FALSE(one.integer());
  ASSERT_TRUE(reader.next(one));
  EXPECT_EQ(one.integer(), 12);
}

TEST(Listpack, ACountThatIsntKnownIsCounted) {
  std::string bytes = packed::listpack({"a", "b"});
  bytes.replace(4, 2, "\xff\xff");
  EXPECT_EQ(texts(bytes).size(), 2u);
  EXPECT_EQ(texts(packed::listpack(std::vector<packed::Element>(70000, 1))).size(), 70000u);
  EXPECT_EQ(texts(packed::listpack({})).size(), 0u);
}

TEST(Listpack, WhatDoesntFitIsRefused) {
  const std::string good = packed::listpack({"hello", 1000000, std::string(100, 'y')});
  for (size_t size = 0; size < good.size(); ++size) expect_corrupt_listpack(good.substr(0, size));
  expect_corrupt_listpack(good + "x");
  std::string bad = good;
  bad[4] = 2;   // elements
  expect_corrupt_listpack(bad);
  bad = good;
  bad[12] = 7;   // the first element's length for reading backwards
  expect_corrupt_listpack(bad);
  for (char encoding : {'\xf5', '\xfa', '\xfe'}) {
    bad = good;
    bad[6] = encoding;
    expect_corrupt_listpack(bad);
  }
  expect_corrupt_listpack(std::string("\x0c\0\0\0\x01\0\xf0\xff\xff\xff\xff\xff", 12));   // a string of 4 GiB
  bad = packed::listpack({std::string(200, 'z')});
  bad[bad.size() - 3] = '\xff';   // the highest group of a length has its bit set: it would go on
  expect_corrupt_listpack(bad);
}

}  // namespace
}  // namespace cairn
