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
    const bool checked =
        content.version == before.version && before.version >= 5 && before.whole && !file.ends_with(std::string(8, '\0'));
    ASSERT_FALSE(checked && flips == 1 && content.whole && content.trailing_bytes == 0) << round;
    ASSERT_FALSE(checked && flips == 1 && content.unknown) << round << " " << content.problem;
  }
}

TEST(RdbReader, WhatIsNotKnownIsToldFromDamageByTheEnd) {
  const std::string keys = rdb_key("k", 0, rdb_raw("v")), odd = "\x1e" + rdb_raw("odd") + rdb_raw(std::string(3'000'000, 'x'));
  for (const Checksum checksum : {Checksum::kRight, Checksum::kNone, Checksum::kWrong}) {
    const std::string file = rdb_file(keys + odd + keys, checksum);
    for (const size_t most : {7'000, 10'000'000}) {
      const RdbContent content = read_rdb(file, [&] { return most; });
      EXPECT_EQ(content.all_bytes(), file);
      EXPECT_FALSE(content.whole);
      EXPECT_EQ(content.unknown, checksum != Checksum::kWrong) << content.problem;
      EXPECT_EQ(content.problem.find("damaged or breaks off") == content.problem.npos, content.unknown) << content.problem;
      EXPECT_NE(content.problem.find("type 30 isn't known"), content.problem.npos) << content.problem;
    }
  }
  const std::string file = rdb_file(keys + "\x1e");
  for (size_t size = 9 + keys.size() + 1; size < file.size(); ++size) EXPECT_FALSE(read_rdb(std::string_view(file).substr(0, size)).unknown) << size;
  EXPECT_TRUE(read_rdb(file).unknown);
  // Before there were checksums the end mark alone tells.
  EXPECT_TRUE(read_rdb("REDIS0004\x1e odd\xff").unknown);
  EXPECT_FALSE(read_rdb("REDIS0004\x1e odd").unknown);
  // A version that isn't known may end otherwise.
  EXPECT_TRUE(read_rdb("REDIS0099 and so on").unknown);
}

// ---- what stands around keys

TEST(RdbReader, ExpiriesOfEitherKindAreMilliseconds) {
  const std::string key = rdb_key("k", 0, rdb_raw("v"));
  const auto expiry = [&](const std::string& prefix) { return read_rdb(rdb_file(prefix + key)).keys().at(0).expires_ms; };
  EXPECT_EQ(expiry("\xfd" + little_endian(2'000'000'000, 4)), 2'000'000'000'000);
  EXPECT_EQ(expiry("\xfd" + std::string(4, '\xff')), -1000);
  EXPECT_EQ(expiry("\xfc" + little_endian(INT64_MAX, 8)), INT64_MAX);
  EXPECT_EQ(expiry("\xfc" + std::string(8, '\xff')), -1);
  EXPECT_EQ(expiry(""), std::nullopt);
}

TEST(RdbReader, TheEndIsChecked) {
  const std::string key = rdb_key("k", 0, rdb_raw("v"));
  EXPECT_TRUE(read_rdb(rdb_file(key)).whole);
  EXPECT_TRUE(read_rdb(rdb_file(key, Checksum::kNone)).whole);
  const RdbContent wrong = read_rdb(rdb_file(key, Checksum::kWrong));
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
  const std::string file = rdb_file(rdb_key("k", 0, rdb_raw("v"))), aof = "*1\r\n$4\r\nPING\r\n";
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
  std::string all;
  for (Item item = reader.next(); item != Item::kEnd; item = reader.next()) all += rdb_record(reader, item).bytes;
  EXPECT_EQ(all, file);
  EXPECT_TRUE(reader.whole());
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
