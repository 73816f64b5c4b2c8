// Values of servers that aren't at hand are written here from the formats' descriptions; see value_commands_server_test.cc for real ones.
#include "ingest/redis/values/value_commands.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "ingest/redis/values/command_batch.h"
#include "store/error.h"
#include "tests/ingest/packed_bytes.h"

namespace cairn {
namespace {

using packed::length, packed::little, packed::string, packed::strings;
using Command = std::vector<std::string>;
using Commands = std::vector<Command>;

Commands commands(int type, const std::string& value, bool fields_expire = true, RdbFlavor flavor = RdbFlavor::kRedis) {
  const std::vector<char> exact(value.begin(), value.end());   // an allocation of its own: a sanitizer sees a read beyond the end
  Commands out;
  value_commands(flavor, static_cast<uint8_t>(type), "k", view({exact.data(), exact.size()}), fields_expire,
                 [&](std::span<const std::string_view> words) { out.emplace_back(words.begin(), words.end()); });
  return out;
}

ErrorCode refusal(int type, const std::string& value, bool fields_expire = true, RdbFlavor flavor = RdbFlavor::kRedis) {
  try {
    commands(type, value, fields_expire, flavor);
  } catch (const Error& e) {
    return e.code();
  }
  ADD_FAILURE() << "taken: type " << type;
  return ErrorCode::kIo;
}

std::string number(double value) { return little(std::bit_cast<uint64_t>(value), 8); }

TEST(ValueCommands, StringsInEveryEncoding) {
  EXPECT_EQ(commands(0, string("hello")), (Commands{{"SET", "k", "hello"}}));
  EXPECT_EQ(commands(0, string("")), (Commands{{"SET", "k", ""}}));
  EXPECT_EQ(commands(0, string(std::string("\0\xff\n", 3))), (Commands{{"SET", "k", std::string("\0\xff\n", 3)}}));
  EXPECT_EQ(commands(0, string(std::string(20000, 'x'))), (Commands{{"SET", "k", std::string(20000, 'x')}}));
  EXPECT_EQ(commands(0, std::string("\x81\0\0\0\0\0\0\0\x02hi", 11)), (Commands{{"SET", "k", "hi"}}));
  EXPECT_EQ(commands(0, "\xc0\x80"), (Commands{{"SET", "k", "-128"}}));
  EXPECT_EQ(commands(0, "\xc1\xff\x7f"), (Commands{{"SET", "k", "32767"}}));
  EXPECT_EQ(commands(0, std::string("\xc2\0\0\0\x80", 5)), (Commands{{"SET", "k", "-2147483648"}}));
  // LZF: "a" as itself, then 29 bytes from one back
  EXPECT_EQ(commands(0, std::string("\xc3\x05\x1e\0a\xe0\x14\0", 8)), (Commands{{"SET", "k", std::string(30, 'a')}}));
}

TEST(ValueCommands, CompressedStringsThatLieAreRefusedWithoutTheirMemory) {
  for (uint64_t claim : {29ull, 31ull, 1ull << 40, 0ull, 512ull << 20, 5 * 89ull}) {
    EXPECT_EQ(refusal(0, "\xc3\x05" + length(claim) + std::string("\0a\xe0\x14\0", 5)), ErrorCode::kCorrupt);
  }
  EXPECT_EQ(refusal(0, std::string("\xc3\0\x05", 3)), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(0, std::string("\xc3\x03\x05\xe0\x01\x07", 6)), ErrorCode::kCorrupt) << "from before the beginning";
  EXPECT_EQ(refusal(0, "\xc4"), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(0, "\x82" + std::string(8, 'x')), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(0, "\x81" + std::string(8, '\xff') + "x"), ErrorCode::kCorrupt);
}

TEST(ValueCommands, ListsInEveryEncoding) {
  const Commands want = {{"RPUSH", "k", "a", "-5", "long " + std::string(100, 'z')}};
  const std::vector<packed::Element> elements = {"a", -5, "long " + std::string(100, 'z')};
  EXPECT_EQ(commands(1, length(3) + string("a") + "\xc0\xfb" + string(want[0][4])), want);
  EXPECT_EQ(commands(10, string(packed::ziplist(elements))), want);
  EXPECT_EQ(commands(14, length(2) + string(packed::ziplist({"a"})) + string(packed::ziplist({-5, want[0][4]}))), want);
  EXPECT_EQ(commands(18, length(3) + length(2) + string(packed::listpack({"a"})) + length(2) + string(packed::listpack({-5})) + length(1) +
                             string(want[0][4])),
            want);
  EXPECT_EQ(refusal(18, length(1) + length(3) + string("x")), ErrorCode::kCorrupt);
  EXPECT_EQ(commands(1, length(0)), Commands()) << "servers have no empty lists";
}

TEST(ValueCommands, SetsInEveryEncoding) {
  const Commands want = {{"SADD", "k", "-300", "7"}};
  EXPECT_EQ(commands(2, length(2) + string("-300") + string("7")), want);
  EXPECT_EQ(commands(11, string(packed::intset(2, {-300, 7}))), want);
  EXPECT_EQ(commands(20, string(packed::listpack({-300, 7}))), want);
  EXPECT_EQ(commands(20, string(packed::listpack({-300, 7})), true, RdbFlavor::kValkey), want);
}

TEST(ValueCommands, SortedSetsInEveryEncoding) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(commands(3, length(4) + string("a") + "\x03" "1.5" + string("b") + "\xfe" + string("c") + "\xff" + string("d") +
                            "\x14" "1.7976931348623157e8"),
            (Commands{{"ZADD", "k", "1.5", "a", "inf", "b", "-inf", "c", "179769313.48623157", "d"}}));
  EXPECT_EQ(commands(5, length(4) + string("a") + number(0.1) + string("b") + number(infinity) + string("c") + number(-infinity) +
                            string("d") + number(5e-324)),
            (Commands{{"ZADD", "k", "0.1", "a", "inf", "b", "-inf", "c", "5e-324", "d"}}));
  const std::vector<packed::Element> packed_elements = {"a", 3, 4, "0.10000000000000001", "c", "-inf"};
  const Commands want = {{"ZADD", "k", "3", "a", "0.1", "4", "-inf", "c"}};
  EXPECT_EQ(commands(12, string(packed::ziplist(packed_elements))), want);
  EXPECT_EQ(commands(17, string(packed::listpack(packed_elements))), want);
}

TEST(ValueCommands, ScoresThatAreNoneAreRefused) {
  EXPECT_EQ(refusal(3, length(1) + string("a") + "\xfd"), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(3, length(1) + string("a") + "\x03" "1.x"), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(5, length(1) + string("a") + number(std::numeric_limits<double>::quiet_NaN())), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(17, string(packed::listpack({"a", "nan"}))), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(17, string(packed::listpack({"a", ""}))), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(17, string(packed::listpack({"a", 1, "b"}))), ErrorCode::kCorrupt);
}

TEST(ValueCommands, HashesInEveryEncoding) {
  const Commands want = {{"HSET", "k", "f", "v", "2", "-2"}};
  EXPECT_EQ(commands(4, length(2) + strings({"f", "v", "2", "-2"})), want);
  EXPECT_EQ(commands(9, string(packed::zipmap({{"f", "v"}, {"2", "-2"}}, 3))), want);
  EXPECT_EQ(commands(13, string(packed::ziplist({"f", "v", 2, -2}))), want);
  EXPECT_EQ(commands(16, string(packed::listpack({"f", "v", 2, -2}))), want);
  EXPECT_EQ(refusal(16, string(packed::listpack({"f", "v", 2}))), ErrorCode::kCorrupt);
}

TEST(ValueCommands, FieldsThatExpire) {
  const Commands want = {{"HSET", "k", "a", "1", "b", "2", "c", "3", "d", "4"},
                         {"HPEXPIREAT", "k", "5000", "FIELDS", "2", "b", "c"},
                         {"HPEXPIREAT", "k", "6000", "FIELDS", "1", "d"}};
  const auto timed = [](std::initializer_list<uint64_t> times) {
    std::string out = length(times.size());
    int field = 0;
    for (uint64_t time : times) {
      out += length(time) + string(std::string(1, static_cast<char>('a' + field))) + string(std::to_string(field + 1));
      ++field;
    }
    return out;
  };
  const std::string timed_pack = packed::listpack({"a", 1, 0, "b", 2, 5000, "c", 3, 5000, "d", 4, 6000});
  const std::string of_valkey = length(4) + strings({"a", "1"}) + little(UINT64_MAX, 8) + strings({"b", "2"}) + little(5000, 8) +
                                strings({"c", "3"}) + little(5000, 8) + strings({"d", "4"}) + little(6000, 8);
  EXPECT_EQ(commands(22, timed({0, 5000, 5000, 6000})), want);
  EXPECT_EQ(commands(23, string(timed_pack)), want);
  EXPECT_EQ(commands(24, little(5000, 8) + timed({0, 1, 1, 1001})), want);
  EXPECT_EQ(commands(25, little(5000, 8) + string(timed_pack)), want);
  EXPECT_EQ(commands(22, of_valkey, true, RdbFlavor::kValkey), want);
  for (int type : {23, 24, 25}) EXPECT_EQ(refusal(type, of_valkey, true, RdbFlavor::kValkey), ErrorCode::kUnsupported);
}

TEST(ValueCommands, FieldsThatExpireNeedAServerThatKnowsIt) {
  const std::string some = little(5000, 8) + string(packed::listpack({"a", 1, 0, "b", 2, 5000}));
  EXPECT_EQ(refusal(25, some, false), ErrorCode::kUnsupported);
  const std::string none = little(0, 8) + string(packed::listpack({"a", 1, 0, "b", 2, 0}));
  EXPECT_EQ(commands(25, none, false), (Commands{{"HSET", "k", "a", "1", "b", "2"}}));
  EXPECT_EQ(refusal(25, little(0, 8) + string(packed::listpack({"a", 1, -1}))), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(25, little(0, 8) + string(packed::listpack({"a", 1, "soon"}))), ErrorCode::kCorrupt);
  EXPECT_EQ(commands(24, little(0, 8) + length(1) + length(0) + strings({"a", "1"})), (Commands{{"HSET", "k", "a", "1"}}));
  EXPECT_EQ(refusal(24, little(0, 8) + length(1) + length(UINT64_MAX) + strings({"a", "1"})), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(24, little(UINT64_MAX, 8) + length(0)), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(24, little(INT64_MAX, 8) + length(1) + length(3) + strings({"a", "1"})), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(22, length(1) + strings({"a", "1"}) + little(UINT64_MAX - 1, 8), true, RdbFlavor::kValkey), ErrorCode::kCorrupt);
}

TEST(ValueCommands, CommandsComeInPieces) {
  std::string value = length(2000);
  for (int i = 0; i < 2000; ++i) value += string("e" + std::to_string(i));
  const Commands many = commands(1, value);
  ASSERT_EQ(many.size(), 4u);
  int next = 0;
  for (const Command& one : many) {
    EXPECT_LE(one.size(), 2 + CommandBatch::kMostElements);
    for (size_t i = 2; i < one.size(); ++i) EXPECT_EQ(one[i], "e" + std::to_string(next++));
  }
  EXPECT_EQ(next, 2000);

  const std::string small(1000, 's'), big(200000, 'b');
  value = length(102);
  for (int i = 0; i < 100; ++i) value += string(small);
  const Commands bytes = commands(1, value + string(big) + string("last"));
  ASSERT_EQ(bytes.size(), 4u);
  EXPECT_EQ(bytes[0].size(), 2 + 65u);
  EXPECT_EQ(bytes[1].size(), 2 + 35u);
  EXPECT_EQ(bytes[2], (Command{"RPUSH", "k", big}));
  EXPECT_EQ(bytes[3], (Command{"RPUSH", "k", "last"}));

  value = little(1, 8) + length(700);
  for (int i = 0; i < 700; ++i) value += length(5) + strings({"f" + std::to_string(i), "v"});
  const Commands timed = commands(24, value);
  ASSERT_EQ(timed.size(), 4u);
  EXPECT_EQ(timed[2][4], "512");
  EXPECT_EQ(timed[2].size(), 5 + 512u);
  EXPECT_EQ(timed[3][4], "188");
}

TEST(ValueCommands, WhatCantBeToldIsRefused) {
  for (int type : {6, 7, 8, 26, 27, 28, 29, 100, 255}) EXPECT_EQ(refusal(type, string("x")), ErrorCode::kUnsupported) << type;
  EXPECT_EQ(commands(1, length(1) + string("x"), true, RdbFlavor::kValkey).size(), 1u);
}

TEST(ValueCommands, CutOrLongerValuesAreRefused) {
  const std::vector<std::pair<int, std::string>> values = {
      {0, string("hello")},
      {0, std::string("\xc3\x05\x1e\0a\xe0\x14\0", 8)},
      {1, length(2) + strings({"a", "b"})},
      {3, length(1) + string("a") + "\x03" "1.5"},
      {4, length(1) + strings({"a", "b"})},
      {5, length(1) + string("a") + number(2)},
      {9, string(packed::zipmap({{"a", "b"}}))},
      {10, string(packed::ziplist({"a"}))},
      {11, string(packed::intset(8, {1}))},
      {14, length(1) + string(packed::ziplist({"a"}))},
      {18, length(1) + length(2) + string(packed::listpack({"a"}))},
      {22, length(1) + length(9) + strings({"a", "b"})},
      {24, little(9, 8) + length(1) + length(1) + strings({"a", "b"})},
      {25, little(9, 8) + string(packed::listpack({"a", "b", 9}))},
  };
  for (const auto& [type, value] : values) {
    EXPECT_FALSE(commands(type, value).empty());
    for (size_t size = 0; size < value.size(); ++size) EXPECT_EQ(refusal(type, value.substr(0, size)), ErrorCode::kCorrupt) << type;
    EXPECT_EQ(refusal(type, value + "x"), ErrorCode::kCorrupt) << type;
  }
  EXPECT_EQ(refusal(1, length(UINT64_MAX) + string("a")), ErrorCode::kCorrupt) << "a count is not believed";
}

}  // namespace
}  // namespace cairn
