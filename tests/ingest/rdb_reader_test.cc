#include "ingest/redis/rdb/rdb_reader.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "ingest/redis/rdb/crc64.h"
#include "store/error.h"
#include "tests/ingest/rdb_fixture.h"
#include "tests/ingest/rdb_synthetic.h"

namespace cairn {
namespace {

using Item = RdbReader::Item;
using Checksum = RdbForge::Checksum;

// A Redis 10 file with these bytes between the header and the end.
std::string file_of(std::string_view records, Checksum checksum = Checksum::kRight) {
  RdbForge rdb("", RdbFlavor::kRedis, 10);
  rdb.raw(records);
  return rdb.finish(checksum).bytes;
}

std::string key_record(std::string_view name, uint8_t type, std::string_view value) {
  return static_cast<char>(type) + rdb_raw(name) + std::string(value);
}

void expect_rest(const std::string& file, std::string_view problem, bool unknown) {
  const RdbContent content = read_rdb(file);
  EXPECT_EQ(content.all_bytes(), file);
  ASSERT_FALSE(content.records.empty());
  EXPECT_EQ(content.records.back().item, Item::kRest);
  EXPECT_EQ(content.unknown, unknown) << content.problem;
  EXPECT_FALSE(content.whole);
  EXPECT_NE(content.problem.find(problem), std::string::npos) << content.problem;
}

// ---- a real file

TEST(RdbReader, AFileOfRedisIsReadWhole) {
  const std::string file = golden_rdb();
  ASSERT_FALSE(file.empty());
  const RdbContent content = read_rdb(file);
  EXPECT_TRUE(content.whole);
  EXPECT_EQ(content.problem, "");
  EXPECT_FALSE(content.unknown);
  EXPECT_EQ(content.version, 10);
  EXPECT_EQ(content.flavor, RdbFlavor::kRedis);
  EXPECT_EQ(content.all_bytes(), file);
  EXPECT_EQ(content.keys().size(), 497u);
  std::map<std::string, int> types;
  std::map<uint32_t, int> databases;
  int expiring = 0, used = 0;
  for (const RdbRecord& key : content.keys()) {
    ++types[std::string(rdb_type_name(content.flavor, key.type))];
    ++databases[key.db];
    expiring += key.expires_ms.has_value() ? 1 : 0;
    used += key.use.empty() ? 0 : 1;
  }
  EXPECT_EQ(types, (std::map<std::string, int>{{"string", 479}, {"hash", 4}, {"zset", 4}, {"set", 4}, {"list", 3}, {"stream", 3}}));
  EXPECT_EQ(databases, (std::map<uint32_t, int>{{0, 291}, {1, 203}, {9, 3}}));
  EXPECT_EQ(expiring, 103);
  EXPECT_EQ(used, 497);   // the server saved idle times
}

TEST(RdbReader, KeysOfARealFileHaveTheirNamesAndExpiries) {
  const RdbContent content = read_rdb(golden_rdb());
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  for (const std::string& name : {std::string(), std::string("12345"), std::string("-7"), std::string(100, 'k'), every_byte}) {
    EXPECT_TRUE(content.key(0, name)) << printable(name);
  }
  for (char byte : every_byte) EXPECT_TRUE(content.key(0, std::string("byte ") + byte)) << +byte;
  EXPECT_EQ(content.key(0, "later")->expires_ms, 4102444800000);
  EXPECT_EQ(content.key(0, "much later")->expires_ms, 9999999999999);
  EXPECT_EQ(content.key(0, "int32")->value, rdb_int(7'000'000));
  EXPECT_EQ(content.key(0, "raw")->value, rdb_raw("a value"));
  EXPECT_EQ(content.key(9, "raw")->value, rdb_raw("the same name in another database").substr(0, 1) + "the same name in another database");
  EXPECT_FALSE(content.key(0, "int32")->expires_ms);
}

TEST(RdbReader, FunctionsAndInformationOfARealFileAreDecoded) {
  const RdbContent content = read_rdb(golden_rdb());
  const auto functions = content.of(Item::kFunction);
  ASSERT_EQ(functions.size(), 2u);
  std::set<std::string> beginnings;
  for (const RdbRecord& function : functions) beginnings.insert(function.decoded.substr(0, function.decoded.find('\n')));
  EXPECT_EQ(beginnings, (std::set<std::string>{"#!lua name=first", "#!lua name=second"}));
  std::map<std::string, std::string> aux;
  for (const RdbRecord& record : content.of(Item::kOther)) {
    if (!record.name.empty()) aux[record.name] = record.decoded;
  }
  EXPECT_EQ(aux["redis-ver"], "7.0.15");
  EXPECT_EQ(aux["redis-bits"], "64");
}

// The checksum was made of what DUMP said of all keys when the file was saved, each without its own checksum.
TEST(RdbReader, ValuesAreWhatTheServerDumps) {
  std::map<std::pair<uint32_t, std::string>, std::string> payloads;
  for (const RdbRecord& key : read_rdb(golden_rdb()).keys()) {
    payloads[{key.db, key.name}] = static_cast<char>(key.type) + key.value + std::string("\x0a\0", 2);
  }
  uint64_t crc = 0;
  for (const auto& [name, payload] : payloads) crc = crc64(crc, view(payload));
  EXPECT_EQ(crc, 0x58cbea17ee3ec4b5);
}

// ---- every version

TEST(RdbReader, EveryVersionIsReadAsItWasMade) {
  for (const SyntheticRdb& rdb : synthetic_rdbs()) {
    SCOPED_TRACE(rdb.what + " " + std::to_string(rdb.version));
    const RdbContent content = read_rdb(rdb.bytes);
    EXPECT_EQ(content.all_bytes(), rdb.bytes);
    EXPECT_EQ(content.version, rdb.version);
    EXPECT_EQ(content.flavor, rdb.flavor);
    EXPECT_EQ(content.whole, !rdb.unknown) << content.problem;
    EXPECT_EQ(content.unknown, rdb.unknown);
    EXPECT_EQ(content.problem.empty(), !rdb.unknown) << content.problem;
    EXPECT_EQ(content.of(Item::kRest).size(), rdb.unknown ? 1u : 0u);
    const auto keys = content.keys();
    ASSERT_EQ(keys.size(), rdb.keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      EXPECT_EQ(keys[i].name, rdb.keys[i].name);
      EXPECT_EQ(keys[i].db, rdb.keys[i].db);
      EXPECT_EQ(keys[i].type, rdb.keys[i].type);
      EXPECT_EQ(keys[i].expires_ms, rdb.keys[i].expires_ms);
      EXPECT_EQ(keys[i].value, rdb.keys[i].value);
      EXPECT_FALSE(keys[i].long_value);
      EXPECT_NE(rdb_type_name(rdb.flavor, keys[i].type), "");
      EXPECT_NE(rdb_version_of_type(rdb.flavor, keys[i].type), kNoRdbVersion);
    }
  }
}

TEST(RdbReader, TheSizeOfReadsChangesNothing) {
  std::mt19937 random(7);
  std::vector<std::string> files = {golden_rdb()};
  for (const SyntheticRdb& rdb : synthetic_rdbs()) files.push_back(rdb.bytes);
  for (const std::string& file : files) {
    const RdbContent whole = read_rdb(file);
    for (size_t size : {1, 2, 3, 7, 9, 10, 100, 4096}) ASSERT_EQ(read_rdb(file, [&] { return size; }), whole) << size;
    ASSERT_EQ(read_rdb(file, [&] { return random() % 50; }), whole);
  }
}

TEST(RdbReader, AFileThatIsCutAnywhereComesOutAsItIs) {
  for (const SyntheticRdb& rdb : synthetic_rdbs()) {
    for (size_t size = 0; size < rdb.bytes.size(); ++size) {
      const std::string_view cut = std::string_view(rdb.bytes).substr(0, size);
      const RdbContent content = read_rdb(cut);
      ASSERT_EQ(content.all_bytes(), cut) << rdb.what << " " << size;
      ASSERT_FALSE(content.whole) << rdb.what << " " << size;
      ASSERT_NE(content.problem, "") << rdb.what << " " << size;
      ASSERT_LE(content.keys().size(), rdb.keys.size());
    }
  }
}

TEST(RdbReader, ARealFileThatIsCutComesOutAsItIsAndSaysWhere) {
  const std::string file = golden_rdb();
  for (size_t size = 0; size < file.size(); size += 211) {
    const RdbContent content = read_rdb(std::string_view(file).substr(0, size));
    ASSERT_EQ(content.all_bytes().size(), size);
    ASSERT_FALSE(content.whole);
    ASSERT_FALSE(content.unknown) << content.problem;
    ASSERT_NE(content.problem.find("at byte " + std::to_string(size)), std::string::npos) << content.problem;
  }
}

TEST(RdbReader, FlippedBitsLoseNothingAndAreNoticed) {
  std::mt19937 random(20261120);
  std::vector<std::string> files;
  for (const SyntheticRdb& rdb : synthetic_rdbs()) files.push_back(rdb.bytes);
  for (int round = 0; round < 4000; ++round) {
    std::string file = files[random() % files.size()];
    const RdbContent before = read_rdb(file);
    const size_t flips = 1 + random() % 3;
    for (size_t i = 0; i < flips; ++i) file[random() % file.size()] ^= static_cast<char>(1u << random() % 8);
    const RdbContent content = read_rdb(file);
    ASSERT_EQ(content.all_bytes(), file);
    ASSERT_EQ(read_rdb(file, [&] { return random() % 3000; }), content);
    const bool checked = content.version == before.version && before.version >= 5 && before.whole && !file.ends_with(std::string(8, '\0'));
    ASSERT_FALSE(checked && flips == 1 && content.whole && content.trailing_bytes == 0) << round;
  }
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
      out = "REDIS0010\xfe" + rdb_length(4) + key_record("long", type, head);
      ++stage;
    } else if (stage == 1) {
      for (; made < count && out.size() < 100'000; ++made) out += element;
      if (made == count) ++stage;
    } else if (stage == 2) {
      out = key_record("short", 0, rdb_raw("v")) + "\xff";
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
  const std::string id(16, 'i'), time(8, 't');
  const std::string stream_middle = rdb_length(0) + std::string(8, '\0') + rdb_length(1) + rdb_raw("group") + rdb_length(1) + rdb_length(1) + rdb_length(1);
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
    module += rdb_length(2) + rdb_length(static_cast<uint64_t>(i)) + rdb_length(5) + rdb_raw("text") + rdb_length(4) + time + rdb_length(3) + "four";
  }
  const std::string n = rdb_length(60'000), numbers = little + little + little;
  const std::string stream = n + entries + numbers + numbers + little + little;
  const std::string groups = rdb_length(2) + rdb_raw("one") + numbers + n + pending + little + rdb_raw("ann") + time + time + n + seen + rdb_raw("two") +
                             numbers + rdb_length(0) + n + consumers;
  return {{21, stream + groups}, {7, rdb_length(1) + module + rdb_length(0)}};
}

TEST(RdbReader, LongNestedValuesAreWalkedAcrossEveryRefill) {
  for (const auto& [type, value] : long_nested_values()) {
    ASSERT_GT(value.size(), RdbReader::kMostWholeBytes);
    const std::string file = file_of(key_record("long", type, value) + key_record("short", 0, rdb_raw("v")));
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
      const std::string file = file_of(key_record("k", static_cast<uint8_t>(type), value));
      const RdbContent content = read_rdb(file);
      EXPECT_TRUE(content.whole) << content.problem;
      ASSERT_EQ(content.keys().size(), 1u);
      EXPECT_EQ(content.keys()[0].long_value, size > kMost) << size << " " << type;
      EXPECT_EQ(content.all_bytes(), file);
    }
  }
}

TEST(RdbReader, ALongValueThatNobodyReadsIsPassedOver) {
  const std::string file = file_of(key_record("a", 0, rdb_raw(std::string(5'000'000, 'x'))) + key_record("b", 0, rdb_raw("v")) +
                                   key_record("c", 0, rdb_raw(std::string(3'000'000, 'x'))));
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
  const std::string file = file_of(data + key_record("k", 0, rdb_raw("v")));
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
  const RdbContent content = read_rdb(file_of(key_record("before", 0, rdb_raw("v")) + key_record(longest, 0, value) +
                                              key_record(longest, 0, rdb_raw(std::string(2'000'000, 'v'))) +
                                              std::string(1, '\0') + rdb_lzf_run('n', longest.size()) + value));
  EXPECT_TRUE(content.whole) << content.problem;
  ASSERT_EQ(content.keys().size(), 4u);
  for (size_t i = 1; i < 4; ++i) EXPECT_TRUE(content.keys()[i].name == longest);
  EXPECT_TRUE(content.keys()[1].value == value);
  expect_rest(file_of(key_record(longest + "n", 0, rdb_raw("v"))), "a key's name of more than 4 MiB", true);
  expect_rest(file_of(std::string(1, '\0') + rdb_lzf_run('n', longest.size() + 1) + rdb_raw("v")), "a key's name of more than 4 MiB", true);
  expect_rest(file_of("\xf5" + rdb_raw(longest + "n")), "a library of functions of more than 4 MiB", true);
}

TEST(RdbReader, StringsThatPromiseTooMuchAreRefused) {
  const std::string name(1, '\0');
  expect_rest(file_of(name + "\x81" + std::string(8, '\xff') + "abc"), "a key's name of more than 4 MiB", false);
  expect_rest(file_of(name + "\xc3" + rdb_length(4) + rdb_length(uint64_t{1} << 40) + "abcd"), "a key's name of more than 4 MiB", false);
  expect_rest(file_of(name + "\xc3" + rdb_length(4) + rdb_length(4'000'000) + "abcd"), "a key's name is damaged", false);
  expect_rest(file_of(name + "\xc3" + rdb_length(0) + rdb_length(0)), "a key's name is damaged", false);
  expect_rest(file_of(name + "\xc3" + rdb_length(3) + rdb_length(9) + "\x20\x05\x01" + rdb_raw("v")), "a key's name is damaged", false);
  expect_rest(file_of(name + "\xc4" "abcd"), "a key's name is damaged", false);
  expect_rest(file_of(name + "\x82" "abcd"), "a key's name is damaged", false);
  for (const std::string length : {"\x80\xff\xff\xff\xff", "\x81\xff\xff\xff\xff\xff\xff\xff\xff", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff"}) {
    expect_rest(file_of(key_record("k", 0, length + "abc")), "breaks off", false);
    expect_rest(file_of(key_record("k", 18, length + "abc" + length)), "breaks off", false);
  }
}

TEST(RdbReader, CountsBeyondTheDataEndWithTheData) {
  const std::string many = "\x81" + std::string(8, '\x7f');
  const std::string elements(3'000'000, '\0');   // empty strings
  for (const int type : {1, 2, 3, 4, 5, 14, 15, 18, 19, 21, 22, 24}) {
    const std::string value = (type == 24 ? std::string(8, '\0') : std::string()) + many + elements;
    const std::string file = file_of(key_record("k", static_cast<uint8_t>(type), value));
    const RdbContent content = read_rdb(file);
    EXPECT_EQ(content.all_bytes(), file);
    EXPECT_FALSE(content.whole);
    EXPECT_EQ(content.records.back().item, Item::kRest) << type;
  }
}

TEST(RdbReader, DamageWithinALongValueEndsIt) {
  const std::string good(1'500'000, '\0');
  const std::string file = file_of(key_record("k", 1, rdb_length(100'000'000) + good + "\xcf" + good));
  const RdbContent content = read_rdb(file);
  EXPECT_EQ(content.all_bytes(), file);
  ASSERT_EQ(content.keys().size(), 1u);
  EXPECT_EQ(content.keys()[0].value.size(), 5 + good.size());
  EXPECT_NE(content.problem.find("a value is damaged"), std::string::npos) << content.problem;
  EXPECT_FALSE(content.whole);
  EXPECT_FALSE(content.unknown);
}

// ---- what stands around keys

TEST(RdbReader, PrefixesInAnUnusualOrderAreNotSorted) {
  const std::string ms = "\xfc" + little_endian(5, 8), seconds = "\xfd" + little_endian(5, 4), idle = "\xf8" + rdb_length(900), used = "\xf9\x05";
  const std::string key = key_record("k", 0, rdb_raw("v"));
  for (const std::string& prefix : {idle + ms, used + seconds, ms + ms, ms + seconds, idle + idle, used + idle + used, ms + idle + ms}) {
    expect_rest(file_of(prefix + key), "an order that isn't known", true);
  }
  for (const std::string& prefix : {ms, seconds, ms + idle, ms + used, used, idle}) {
    const RdbContent content = read_rdb(file_of(prefix + key));
    EXPECT_TRUE(content.whole) << content.problem;
    ASSERT_EQ(content.keys().size(), 1u);
    EXPECT_EQ(content.keys()[0].expiry + content.keys()[0].use, prefix);
  }
  for (const std::string& next : {std::string("\xff"), "\xfe" + rdb_length(1), "\xfa" + rdb_raw("a") + rdb_raw("b"), "\xf4" + rdb_length(1)}) {
    expect_rest(file_of(ms + next), "the expiry or the use of no key", true);
    expect_rest(file_of(idle + next), "the expiry or the use of no key", true);
  }
}

TEST(RdbReader, ExpiriesOfEitherKindAreMilliseconds) {
  const std::string key = key_record("k", 0, rdb_raw("v"));
  const auto expiry = [&](const std::string& prefix) { return read_rdb(file_of(prefix + key)).keys().at(0).expires_ms; };
  EXPECT_EQ(expiry("\xfd" + little_endian(2'000'000'000, 4)), 2'000'000'000'000);
  EXPECT_EQ(expiry("\xfd" + std::string(4, '\xff')), -1000);
  EXPECT_EQ(expiry("\xfc" + little_endian(INT64_MAX, 8)), INT64_MAX);
  EXPECT_EQ(expiry("\xfc" + std::string(8, '\xff')), -1);
  EXPECT_EQ(expiry(""), std::nullopt);
}

TEST(RdbReader, TheEndIsChecked) {
  const std::string key = key_record("k", 0, rdb_raw("v"));
  EXPECT_TRUE(read_rdb(file_of(key)).whole);
  EXPECT_TRUE(read_rdb(file_of(key, Checksum::kNone)).whole);
  const RdbContent wrong = read_rdb(file_of(key, Checksum::kWrong));
  EXPECT_FALSE(wrong.whole);
  EXPECT_FALSE(wrong.unknown);
  EXPECT_EQ(wrong.keys().size(), 1u);
  EXPECT_EQ(wrong.problem, "at byte " + std::to_string(9 + key.size() + 1) + ": the checksum is wrong: the file is damaged");
  const RdbContent missing = read_rdb("REDIS0010" + key);
  EXPECT_FALSE(missing.whole);
  EXPECT_EQ(missing.problem, "it ends at byte " + std::to_string(9 + key.size()) + " without its end mark");
  EXPECT_TRUE(missing.of(Item::kRest).empty());
}

TEST(RdbReader, WhatFollowsTheEndIsTold) {
  const std::string file = file_of(key_record("k", 0, rdb_raw("v"))), aof = "*1\r\n$4\r\nPING\r\n";
  for (size_t most : {1, 5, 100'000}) {
    const RdbContent content = read_rdb(file + aof, [&] { return most; });
    EXPECT_TRUE(content.whole);
    EXPECT_EQ(content.trailing_bytes, aof.size());
    EXPECT_EQ(content.of(Item::kRest).at(0).bytes, aof);
    EXPECT_FALSE(content.unknown);
    EXPECT_EQ(content.problem, "at byte " + std::to_string(file.size()) + ": other data follow the end");
  }
}

TEST(RdbReader, OtherFilesAreNotRdb) {
  EXPECT_TRUE(RdbReader::looks_like_rdb(view("REDIS0010")));
  EXPECT_TRUE(RdbReader::looks_like_rdb(view("REDIS0099 and so on")));
  EXPECT_TRUE(RdbReader::looks_like_rdb(view("VALKEY080")));
  for (const char* other : {"", "REDIS001", "REDIS00x0", "redis0010", "VALKEY08x", "VALKEYS80", "{\"a\": 1, ", "-- Postgre"}) {
    EXPECT_FALSE(RdbReader::looks_like_rdb(view(std::string_view(other)))) << other;
    const RdbContent content = read_rdb(other);
    EXPECT_EQ(content.all_bytes(), other);
    EXPECT_FALSE(content.whole);
    EXPECT_FALSE(content.unknown);
    EXPECT_NE(content.problem, "");
  }
}

TEST(RdbReader, WhatReadingThrowsPassesThrough) {
  const std::string file = golden_rdb();
  auto reads = in_reads_of(file, [] { return size_t{1000}; });
  int calls = 0;
  RdbReader reader([&](std::span<uint8_t> into) {
    if (++calls == 50) throw Error(ErrorCode::kIo, "the server died");
    return reads(into);
  });
  EXPECT_THROW(reader.next(), Error);
}

TEST(RdbTypes, NamesAndVersionsDependOnTheFlavor) {
  constexpr RdbFlavor kRedis = RdbFlavor::kRedis, kValkey = RdbFlavor::kValkey;
  EXPECT_EQ(rdb_type_name(kRedis, 0), "string");
  EXPECT_EQ(rdb_type_name(kRedis, 14), "list");
  EXPECT_EQ(rdb_type_name(kValkey, 21), "stream");
  EXPECT_EQ(rdb_type_name(kValkey, 22), "hash");
  EXPECT_EQ(rdb_type_name(kRedis, 28), "array");
  EXPECT_EQ(rdb_type_name(kRedis, 7), "module");
  for (int type : {8, 29, 200, 255}) EXPECT_EQ(rdb_type_name(kRedis, static_cast<uint8_t>(type)), "") << type;
  EXPECT_EQ(rdb_type_name(kValkey, 24), "");
  EXPECT_EQ(rdb_version_of_type(kRedis, 0), 1);
  EXPECT_EQ(rdb_version_of_type(kRedis, 5), 8);
  EXPECT_EQ(rdb_version_of_type(kRedis, 18), 10);
  EXPECT_EQ(rdb_version_of_type(kValkey, 20), 11);
  EXPECT_EQ(rdb_version_of_type(kRedis, 22), 12);
  EXPECT_EQ(rdb_version_of_type(kValkey, 22), 80);
  EXPECT_EQ(rdb_version_of_type(kRedis, 27), 14);
  EXPECT_EQ(rdb_version_of_type(kRedis, 8), kNoRdbVersion);
}

}  // namespace
}  // namespace cairn
