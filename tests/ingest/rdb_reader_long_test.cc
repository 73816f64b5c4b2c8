// Values that are longer than what is kept in memory, and files that aren't what they should be.
#include <gtest/gtest.h>

#include "ingest/redis/rdb/crc64.h"
#include "ingest/redis/rdb/rdb_reader.h"
#include "tests/ingest/rdb_content.h"
#include "tests/ingest/rdb_synthetic.h"

namespace cairn {
namespace {

using Item = RdbReader::Item;

// It ends with a rest for this reason.
void expect_rdb_rest(const std::string& file, std::string_view problem, bool unknown) {
  const RdbContent content = read_rdb(file);
  EXPECT_EQ(content.all_bytes(), file);
  ASSERT_FALSE(content.records.empty());
  EXPECT_EQ(content.records.back().item, Item::kRest);
  EXPECT_EQ(content.unknown, unknown) << content.problem;
  EXPECT_FALSE(content.whole);
  EXPECT_NE(content.problem.find(problem), std::string::npos) << content.problem;
}

// ---- long values

// A stream that isn't in memory: what `make` appends, until it appends nothing.
std::function<size_t(std::span<uint8_t>)> made_by(std::function<void(std::string&)> make) {
  return [make = std::move(make), left = std::string(), at = size_t{0}](std::span<uint8_t> into) mutable {
    if (at == left.size()) {
      left.clear();
      at = 0;
      make(left);
    }
    const size_t got = std::min(into.size(), left.size() - at);
    std::copy_n(left.data() + at, got, into.data());
    at += got;
    return got;
  };
}

struct LongRead {
  uint64_t value_bytes = 0, pieces = 0;
  size_t largest = 0;
  bool whole = false;
  std::vector<std::string> names;
};

// A key "long" that begins with `head`, of `count` times `element`; then a short one.
LongRead read_long(uint8_t type, const std::string& head, const std::string& element, uint64_t count) {
  uint64_t crc = 0, made = 0;
  int stage = 0;
  const auto make = [&](std::string& out) {
    if (stage == 0) {
      out = "REDIS0010\xfe" + rdb_length(4) + rdb_key("long", type, head);
      ++stage;
    } else if (stage == 1) {
      for (; made < count && out.size() < 100'000; ++made) out += element;
      if (made == count) ++stage;
    } else if (stage == 2) {
      out = rdb_key("short", 0, rdb_raw("v")) + "\xff";
      ++stage;
    } else if (stage == 3) {
      out = little_endian(crc, 8);
      ++stage;
      return;
    }
    crc = crc64(crc, view(out));
  };
  RdbReader reader(made_by(make));
  LongRead out;
  for (Item item = reader.next(); item != Item::kEnd; item = reader.next()) {
    if (item != Item::kKey) continue;
    if (reader.key().long_value) {
      for (ByteView piece = reader.value_piece(); !piece.empty(); piece = reader.value_piece()) {
        out.value_bytes += piece.size();
        ++out.pieces;
        out.largest = std::max(out.largest, piece.size());
      }
    }
    out.names.push_back(std::string(reader.key().name));
  }
  out.whole = reader.whole();
  return out;
}

TEST(RdbReader, LongValuesComeInPiecesOfBoundedSize) {
  struct Case {
    uint8_t type;
    std::string head, element;
    uint64_t count;
  };
  const std::string time(8, 't');
  const std::vector<Case> cases = {
      {0, rdb_length(100'000'000), std::string(1000, 's'), 100'000},
      {1, rdb_length(10'000'000), rdb_raw("a"), 10'000'000},
      {2, rdb_length(3'000'000), rdb_int(70'000), 3'000'000},
      {3, rdb_length(1'000'000), rdb_raw("member") + "\x03" "1.5", 1'000'000},
      {4, rdb_length(1'000'000), rdb_raw("f") + rdb_lzf_run('x', 300), 1'000'000},
      {5, rdb_length(1'000'000), rdb_raw("m") + time, 1'000'000},
      {18, rdb_length(1000), rdb_length(1) + rdb_raw(std::string(9000, 'p')), 1000},
      {24, time + rdb_length(500'000), rdb_length(70'000) + rdb_raw("f") + rdb_raw("v"), 500'000},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(int{c.type});
    const LongRead read = read_long(c.type, c.head, c.element, c.count);
    EXPECT_TRUE(read.whole);
    EXPECT_EQ(read.value_bytes, c.head.size() + c.element.size() * c.count);
    EXPECT_EQ(read.names, (std::vector<std::string>{"long", "short"}));
    EXPECT_LE(read.largest, size_t{2} << 20);
  }
}

// Streams and modules that are long in each of their parts.
std::vector<std::pair<uint8_t, std::string>> long_nested_values() {
  const std::string id(16, 'i'), time(8, 't'), little = rdb_length(1);
  std::string entries, pending, seen, consumers, module;
  for (int i = 0; i < 60'000; ++i) {
    entries += rdb_raw(id) + rdb_raw("listpack " + std::to_string(i));
    pending += id + time + rdb_length(static_cast<uint64_t>(i));
    seen += id;
    consumers += rdb_raw("c" + std::to_string(i)) + time + time + rdb_length(2) + id + id;
    module += rdb_length(2) + rdb_length(static_cast<uint64_t>(i)) + rdb_length(5) + rdb_raw("text");
    module += rdb_length(4) + time + rdb_length(3) + "four";
  }
  const std::string n = rdb_length(60'000), numbers = little + little + little;
  const std::string stream = n + entries + numbers + numbers + little + little;
  const std::string one = rdb_raw("one") + numbers + n + pending + little + rdb_raw("ann") + time + time + n + seen;
  const std::string two = rdb_raw("two") + numbers + rdb_length(0) + n + consumers;
  return {{21, stream + rdb_length(2) + one + two}, {7, rdb_length(1) + module + rdb_length(0)}};
}

TEST(RdbReader, LongNestedValuesAreWalkedAcrossEveryRefill) {
  for (const auto& [type, value] : long_nested_values()) {
    ASSERT_GT(value.size(), RdbReader::kMostWholeBytes);
    const std::string file = rdb_file(rdb_key("long", type, value) + rdb_key("short", 0, rdb_raw("v")));
    for (size_t before : {0, 1, 1000}) {   // shifts what stands at the windows' ends
      RdbForge rdb("", RdbFlavor::kRedis, 11);
      rdb.key("before", 0, rdb_raw(std::string(before, 'b')));
      rdb.prefixed_key("\xfc" + little_endian(5, 8) + "\xf9\x07", 5, rdb_raw("long"), "long", type, value);
      rdb.key("behind", 0, rdb_raw("v"));
      const std::string bytes = rdb.finish().bytes;
      const RdbContent content = read_rdb(bytes);
      EXPECT_TRUE(content.whole) << content.problem;
      EXPECT_EQ(content.all_bytes(), bytes);
      const auto found = content.key(0, "long");
      ASSERT_TRUE(found && content.key(0, "behind"));
      EXPECT_TRUE(found->long_value);
      EXPECT_EQ(found->value, value);
      EXPECT_EQ(found->expires_ms, 5);
      EXPECT_EQ(found->use, "\xf9\x07");
    }
    // Cut within it, or damaged.
    for (size_t size : {file.size() / 2, file.size() - 15, size_t{1'500'000}}) {
      const std::string cut = file.substr(0, size);
      const RdbContent content = read_rdb(cut);
      EXPECT_EQ(content.all_bytes(), cut);
      EXPECT_FALSE(content.whole);
      EXPECT_EQ(content.records.back().item, Item::kRest);
    }
  }
}

TEST(RdbReader, AValueIsLongWhenItIsLongerThanItSays) {
  constexpr size_t kMost = RdbReader::kMostWholeBytes;
  for (const size_t size : {kMost - 1, kMost, kMost + 1, kMost + 60, kMost + 100, 2 * kMost, 2 * kMost + 50}) {
    const std::string text = rdb_raw(std::string(size - 5, 't'));
    const std::string list = rdb_length(1000) + rdb_raw(std::string(size - 7 - 2 * 999, 'e')) + [] {
      std::string out;
      for (int i = 0; i < 999; ++i) out += rdb_raw("e");
      return out;
    }();
    for (const auto& [type, value] : {std::pair{0, text}, {1, list}}) {
      ASSERT_EQ(value.size(), size);
      const std::string file = rdb_file(rdb_key("k", static_cast<uint8_t>(type), value));
      const RdbContent content = read_rdb(file);
      EXPECT_TRUE(content.whole) << content.problem;
      ASSERT_EQ(content.keys().size(), 1u);
      EXPECT_EQ(content.keys()[0].long_value, size > kMost) << size << " " << type;
      EXPECT_EQ(content.all_bytes(), file);
    }
  }
}

TEST(RdbReader, ALongValueThatNobodyReadsIsPassedOver) {
  const std::string file = rdb_file(rdb_key("a", 0, rdb_raw(std::string(5'000'000, 'x'))) + rdb_key("b", 0, rdb_raw("v")) +
                                   rdb_key("c", 0, rdb_raw(std::string(3'000'000, 'x'))));
  RdbReader reader(in_reads_of(file));
  std::string names;
  for (Item item = reader.next(); item != Item::kEnd; item = reader.next()) {
    if (item != Item::kKey) continue;
    names += reader.key().name;
    EXPECT_EQ(reader.value_piece().empty(), reader.key().name != "a" && reader.key().name != "c");   // and no more of it
  }
  EXPECT_EQ(names, "abc");
  EXPECT_TRUE(reader.whole());
}

TEST(RdbReader, LongModuleDataComesInPieces) {
  const std::string data = "\xf7" + rdb_length(12345) + rdb_length(5) + rdb_raw(std::string(7'000'000, 'm')) + rdb_length(0);
  const std::string file = rdb_file(data + rdb_key("k", 0, rdb_raw("v")));
  RdbReader reader(in_reads_of(file));
  std::string all;
  size_t largest = 0;
  for (Item item = reader.next(); item != Item::kEnd; item = reader.next()) {
    const RdbRecord record = rdb_record(reader, item);
    all += record.bytes;
    largest = std::max(largest, record.bytes.size());
  }
  EXPECT_EQ(all, file);
  EXPECT_TRUE(reader.whole());
  EXPECT_LE(largest, size_t{2} << 20);
  const std::string cut = file.substr(0, 6'000'000);
  const RdbContent content = read_rdb(cut);
  EXPECT_EQ(content.all_bytes(), cut);
  EXPECT_FALSE(content.whole);
}

// ---- hostile input

TEST(RdbReader, NamesUpToFourMegabytesAreUnderstood) {
  const std::string longest(RdbReader::kMostNameBytes, 'n');
  const std::string value = rdb_raw(std::string(1'000'000, 'v'));
  const RdbContent content = read_rdb(rdb_file(rdb_key("before", 0, rdb_raw("v")) + rdb_key(longest, 0, value) +
                                              rdb_key(longest, 0, rdb_raw(std::string(2'000'000, 'v'))) +
                                              std::string(1, '\0') + rdb_lzf_run('n', longest.size()) + value));
  EXPECT_TRUE(content.whole) << content.problem;
  ASSERT_EQ(content.keys().size(), 4u);
  for (size_t i = 1; i < 4; ++i) EXPECT_TRUE(content.keys()[i].name == longest);
  EXPECT_TRUE(content.keys()[1].value == value);
  expect_rdb_rest(rdb_file(rdb_key(longest + "n", 0, rdb_raw("v"))), "a key's name of more than 4 MiB", true);
  const std::string packed = rdb_lzf_run('n', longest.size() + 1);
  expect_rdb_rest(rdb_file(std::string(1, '\0') + packed + rdb_raw("v")), "a key's name of more than 4 MiB", true);
  expect_rdb_rest(rdb_file("\xf5" + rdb_raw(longest + "n")), "a library of functions of more than 4 MiB", true);
}

TEST(RdbReader, StringsThatPromiseTooMuchAreRefused) {
  const std::string name(1, '\0');
  expect_rdb_rest(rdb_file(name + "\x81" + std::string(8, '\xff') + "abc"), "a key's name of more than 4 MiB", false);
  const std::string packed = name + "\xc3" + rdb_length(4);
  expect_rdb_rest(rdb_file(packed + rdb_length(uint64_t{1} << 40) + "abcd"), "a key's name of more than 4 MiB", false);
  expect_rdb_rest(rdb_file(packed + rdb_length(4'000'000) + "abcd"), "a key's name is damaged", false);
  expect_rdb_rest(rdb_file(name + "\xc3" + rdb_length(0) + rdb_length(0)), "a key's name is damaged", false);
  const std::string before_the_text = rdb_length(3) + rdb_length(9) + "\x20\x05\x01";
  expect_rdb_rest(rdb_file(name + "\xc3" + before_the_text + rdb_raw("v")), "a key's name is damaged", false);
  expect_rdb_rest(rdb_file(name + "\xc4" "abcd"), "a key's name is damaged", false);
  expect_rdb_rest(rdb_file(name + "\x82" "abcd"), "a key's name is damaged", false);
  const std::string ones(8, '\xff');
  for (const std::string& length : {"\x80" + ones.substr(4), "\x81" + ones, "\x81\x7f" + ones.substr(1)}) {
    expect_rdb_rest(rdb_file(rdb_key("k", 0, length + "abc")), "breaks off", false);
    expect_rdb_rest(rdb_file(rdb_key("k", 18, length + "abc" + length)), "breaks off", false);
  }
}

TEST(RdbReader, CountsBeyondTheDataEndWithTheData) {
  const std::string many = "\x81" + std::string(8, '\x7f');
  const std::string elements(3'000'000, '\0');   // empty strings
  for (const int type : {1, 2, 3, 4, 5, 14, 15, 18, 19, 21, 22, 24}) {
    const std::string value = (type == 24 ? std::string(8, '\0') : std::string()) + many + elements;
    const std::string file = rdb_file(rdb_key("k", static_cast<uint8_t>(type), value));
    const RdbContent content = read_rdb(file);
    EXPECT_EQ(content.all_bytes(), file);
    EXPECT_FALSE(content.whole);
    EXPECT_EQ(content.records.back().item, Item::kRest) << type;
  }
}

TEST(RdbReader, DamageWithinALongValueEndsIt) {
  const std::string good(1'500'000, '\0');
  const std::string file = rdb_file(rdb_key("k", 1, rdb_length(100'000'000) + good + "\xcf" + good));
  const RdbContent content = read_rdb(file);
  EXPECT_EQ(content.all_bytes(), file);
  ASSERT_EQ(content.keys().size(), 1u);
  EXPECT_EQ(content.keys()[0].value.size(), 5 + good.size());
  EXPECT_NE(content.problem.find("a value is damaged"), std::string::npos) << content.problem;
  EXPECT_FALSE(content.whole);
  EXPECT_FALSE(content.unknown);
}

TEST(RdbReader, PrefixesInAnUnusualOrderAreNotSorted) {
  const std::string ms = "\xfc" + little_endian(5, 8), seconds = "\xfd" + little_endian(5, 4);
  const std::string idle = "\xf8" + rdb_length(900), used = "\xf9\x05";
  const std::string key = rdb_key("k", 0, rdb_raw("v"));
  for (const std::string& prefix : {idle + ms, used + seconds, ms + ms, ms + seconds, idle + idle, used + idle + used, ms + idle + ms}) {
    expect_rdb_rest(rdb_file(prefix + key), "an order that isn't known", true);
  }
  for (const std::string& prefix : {ms, seconds, ms + idle, ms + used, used, idle}) {
    const RdbContent content = read_rdb(rdb_file(prefix + key));
    EXPECT_TRUE(content.whole) << content.problem;
    ASSERT_EQ(content.keys().size(), 1u);
    EXPECT_EQ(content.keys()[0].expiry + content.keys()[0].use, prefix);
  }
  const std::string aux = "\xfa" + rdb_raw("a") + rdb_raw("b");
  for (const std::string& next : {std::string("\xff"), "\xfe" + rdb_length(1), aux, "\xf4" + rdb_length(1)}) {
    expect_rdb_rest(rdb_file(ms + next), "the expiry or the use of no key", true);
    expect_rdb_rest(rdb_file(idle + next), "the expiry or the use of no key", true);
  }
}

}  // namespace
}  // namespace cairn
