#include "ingest/redis/inner_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "store/error.h"
#include "tests/ingest/rdb_synthetic.h"

namespace cairn {
namespace {

struct Value {
  RdbFlavor flavor = RdbFlavor::kRedis;
  uint8_t type = 2;
  std::string before = "";
  std::vector<std::string> elements = {};
  std::string bytes() const {
    std::string out = before + rdb_length(elements.size());
    for (const std::string& element : elements) out += element;
    return out;
  }
};

// Sorts, checks, undoes.
void expect_sorted(const Value& value) {
  InnerOrder order;
  const std::string bytes = value.bytes();
  ASSERT_TRUE(order.sort(value.flavor, value.type, view(bytes)));
  Value sorted = value;
  std::ranges::sort(sorted.elements);
  EXPECT_EQ(text(order.sorted()), sorted.bytes());
  const Bytes ranks(order.ranks().begin(), order.ranks().end());
  const std::string stored(text(order.sorted()));
  InnerOrder other;
  ASSERT_EQ(other.ranks_bytes(value.flavor, value.type, view(stored)), ranks.size());
  EXPECT_EQ(text(other.unsort(view(stored), ranks)), bytes);
}

TEST(InnerOrder, EveryShape) {
  std::vector<std::string> strings;
  for (int i = 0; i < 300; i += 3) {
    strings.push_back(rdb_int(i * 7919 % 1000));
    strings.push_back(rdb_raw(std::to_string(i * 31)));
    strings.push_back(rdb_lzf("abcabc" + std::to_string(i)));
  }
  Value set{.elements = strings};
  expect_sorted(set);
  Value hash{.type = 4};
  Value redis_22{.type = 22}, redis_24{.type = 24, .before = std::string(8, 'x')}, valkey_22{.flavor = RdbFlavor::kValkey, .type = 22};
  for (size_t i = 0; i + 1 < strings.size(); ++i) {
    const std::string pair = strings[i] + strings[i + 1];
    hash.elements.push_back(pair);
    redis_22.elements.push_back(rdb_length(i * 1000) + pair);
    redis_24.elements.push_back(rdb_length(i % 5) + pair);
    valkey_22.elements.push_back(pair + std::string(8, static_cast<char>(i)));
  }
  for (const Value* value : {&hash, &redis_22, &redis_24, &valkey_22}) expect_sorted(*value);
}

TEST(InnerOrder, EveryCount) {
  std::mt19937_64 random(1);
  for (size_t count = 2; count < 300; ++count) {
    Value value;
    for (size_t i = 0; i < count; ++i) value.elements.push_back(rdb_int(static_cast<int64_t>(random() % 200)));   // some twice
    expect_sorted(value);
  }
}

// Three elements: two bits each, from the lowest bit on.
TEST(InnerOrder, TheListIsWrittenSo) {
  InnerOrder order;
  const std::string bytes = Value{.elements = {rdb_raw("c"), rdb_raw("a"), rdb_raw("b")}}.bytes();
  ASSERT_TRUE(order.sort(RdbFlavor::kRedis, 2, view(bytes)));
  EXPECT_EQ(text(order.ranks()), std::string(1, 0b01'00'10));
}

TEST(InnerOrder, WhatIsNotSorted) {
  InnerOrder order;
  const auto sorts = [&](uint8_t type, const std::string& bytes, RdbFlavor flavor = RdbFlavor::kRedis) {
    EXPECT_EQ(order.ranks_bytes(flavor, type, view(bytes)) > 0, order.sort(flavor, type, view(bytes)));
    return order.sort(flavor, type, view(bytes));
  };
  const std::string two = Value{.elements = {rdb_raw("b"), rdb_raw("a")}}.bytes();
  EXPECT_TRUE(sorts(2, two));
  for (int type = 0; type < 256; ++type) {
    if (type != 2) {
      EXPECT_FALSE(sorts(static_cast<uint8_t>(type), two)) << type;
    }
  }
  EXPECT_FALSE(sorts(24, std::string(8, 'x') + rdb_length(2) + rdb_length(0) + rdb_raw("a") + rdb_raw("b"), RdbFlavor::kValkey));
  EXPECT_FALSE(sorts(2, Value{.elements = {rdb_raw("b")}}.bytes()));
  EXPECT_FALSE(sorts(2, Value{}.bytes()));
  EXPECT_FALSE(sorts(2, ""));
  EXPECT_FALSE(sorts(2, two + "x"));
  EXPECT_FALSE(sorts(2, rdb_length(uint64_t{1} << 40) + rdb_raw("a")));
  for (size_t size = 0; size < two.size(); ++size) EXPECT_FALSE(sorts(2, two.substr(0, size)));
  std::string many = rdb_length(kMostInnerElements + 1);
  for (size_t i = 0; i <= kMostInnerElements; ++i) many += rdb_raw("");
  EXPECT_FALSE(sorts(2, many));
  EXPECT_FALSE(sorts(2, rdb_length(2) + rdb_raw(std::string(kMostInnerBytes, 'x')) + rdb_raw("a")));
}

TEST(InnerOrder, AListThatIsNoOrderIsRefused) {
  InnerOrder order;
  const std::string bytes = Value{.elements = {rdb_raw("a"), rdb_raw("b"), rdb_raw("c")}}.bytes();
  int right = 0;
  for (int list = 0; list < 64; ++list) {
    const auto ranks = static_cast<uint8_t>(list);
    ASSERT_EQ(order.ranks_bytes(RdbFlavor::kRedis, 2, view(bytes)), 1u);
    try {
      order.unsort(view(bytes), {&ranks, 1});
      ++right;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    }
  }
  EXPECT_EQ(right, 6);
}

}  // namespace
}  // namespace cairn
