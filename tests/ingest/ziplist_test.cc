#include "ingest/redis/values/ziplist.h"

#include <gtest/gtest.h>

#include <limits>

#include "store/error.h"
#include "tests/ingest/packed_bytes.h"

namespace cairn {
namespace {

std::vector<std::string> texts(std::string_view bytes) {
  std::vector<std::string> out;
  ZiplistReader reader(view(bytes));
  for (PackedElement one; reader.next(one);) out.emplace_back(one.text());
  PackedElement none;
  EXPECT_FALSE(reader.next(none)) << "the end stays the end";
  return out;
}

void expect_corrupt_ziplist(std::string_view bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  try {
    texts({exact.data(), exact.size()});
    ADD_FAILURE() << "taken: " << ::testing::PrintToString(std::string(bytes));
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kCorrupt);
  }
}

TEST(Ziplist, TheExampleOfItsDescriptionIsRead) {
  // 15 bytes with the elements 2 and 5, as ziplist.c describes them
  EXPECT_EQ(texts(std::string("\x0f\0\0\0\x0c\0\0\0\x02\0\0\xf3\x02\xf6\xff", 15)), (std::vector<std::string>{"2", "5"}));
}

TEST(Ziplist, IntegersAreReadAtTheEdgesOfEveryEncoding) {
  std::vector<packed::Element> elements;
  std::vector<std::string> want;
  for (int64_t value : {0, 1, 12, 13, -1}) elements.emplace_back(value);
  for (int bits : {7, 15, 23, 31}) {
    for (int64_t edge : {-1, 0, 1}) {
      for (int64_t sign : {-1, 1}) elements.emplace_back(sign * (int64_t{1} << bits) + edge);
    }
  }
  elements.emplace_back(std::numeric_limits<int64_t>::min());
  elements.emplace_back(std::numeric_limits<int64_t>::max());
  for (const auto& element : elements) want.push_back(std::to_string(element.integer));
  EXPECT_EQ(texts(packed::ziplist(elements)), want);
}

TEST(Ziplist, StringsAreReadAtTheEdgesOfEveryEncodingAndLength) {
  for (size_t size : {0, 1, 63, 64, 250, 251, 252, 253, 254, 255, 16383, 16384, 100000}) {
    const std::string text(size, 'x');
    EXPECT_EQ(texts(packed::ziplist({"before", text, 7})), (std::vector<std::string>{"before", text, "7"})) << size;
  }
}

TEST(Ziplist, AShortLengthMayBeWrittenLong) {
  // What stays when the element before is replaced by a shorter one.
  const std::string body = std::string("\0\x01" "a" "\xfe\x03\0\0\0\xf3", 9);
  EXPECT_EQ(texts(packed::little(11 + body.size(), 4) + packed::little(13, 4) + packed::little(2, 2) + body + "\xff"),
            (std::vector<std::string>{"a", "2"}));
}

TEST(Ziplist, ACountThatIsntKnownIsCounted) {
  EXPECT_EQ(texts(packed::ziplist(std::vector<packed::Element>(70000, 1))).size(), 70000u);
  EXPECT_EQ(texts(packed::ziplist({})).size(), 0u);
}

TEST(Ziplist, WhatDoesntFitIsRefused) {
  const std::string good = packed::ziplist({"hello", 1000000, std::string(300, 'y'), "z"});
  for (size_t size = 0; size < good.size(); ++size) expect_corrupt_ziplist(good.substr(0, size));
  expect_corrupt_ziplist(good + "x");
  for (size_t at : {4, 8, 10, 17}) {   // where the last is; elements; the length before the first, before the second
    std::string bad = good;
    ++bad[at];
    expect_corrupt_ziplist(bad);
  }
  std::string bad = good;
  bad[11] = '\xff';   // an encoding that isn't one
  expect_corrupt_ziplist(bad);
  expect_corrupt_ziplist(std::string("\x11\0\0\0\x0a\0\0\0\x01\0\0\x80\xff\xff\xff\xff\xff", 17));   // a string of 4 GiB
}

}  // namespace
}  // namespace cairn
