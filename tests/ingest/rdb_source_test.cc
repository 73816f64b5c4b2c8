#include "ingest/redis/rdb_source.h"

#include <gtest/gtest.h>

#include "ingest/redis/inner_order.h"
#include "tests/ingest/rdb_source_fixture.h"

namespace cairn {
namespace {

std::vector<SyntheticRdb> all_rdbs() {
  std::vector<SyntheticRdb> out = synthetic_rdbs();
  SyntheticRdb golden;
  golden.what = "of Redis 7.0.15";
  golden.bytes = golden_rdb();
  out.push_back(golden);
  return out;
}

// Everything comes back, and every key that a reader sees has its part.
void expect_all_there(const std::string& bytes) {
  const StoredRdb rdb = store_rdb(bytes);
  ASSERT_EQ(original_of(rdb), bytes);
  const RdbContent content = read_rdb(bytes);
  EXPECT_EQ(rdb.parts.ended, content.whole || content.unknown);
  EXPECT_EQ(rdb.parts.ended, rdb.parts.problem.empty());
  uint64_t keys = 0;
  for (const RdbRecord& key : content.keys()) {
    const Part* part = rdb.part(redis_part_name(key.db, key.name));
    if (part == nullptr) {   // a long value that breaks off is none
      EXPECT_TRUE(key.long_value && !content.whole) << printable(key.name);
      continue;
    }
    ++keys;
    EXPECT_EQ(part->kind, "key");
    const std::string stored = rdb.content(*part);
    EXPECT_EQ(stored.size(), 1 + key.value.size());
    EXPECT_EQ(static_cast<uint8_t>(stored[0]), key.type);
    if (!InnerOrder::has_order(content.flavor, key.type)) {
      EXPECT_EQ(stored.substr(1), key.value);
    }
    EXPECT_EQ(part->properties.at("type"), rdb_type_name(content.flavor, key.type));
    EXPECT_EQ(part->properties.contains("expires"), key.expires_ms.has_value());
    if (key.expires_ms) {
      EXPECT_EQ(part->properties.at("expires"), std::to_string(*key.expires_ms));
    }
    EXPECT_EQ(part->properties.contains("key"), redis_part_name_is_cut(key.name));
  }
  EXPECT_TRUE(std::ranges::is_sorted(rdb.keys, {}, &Part::name));
  EXPECT_EQ(rdb.parts.transform, keys == 0 ? "" : kSortedRdb);
  if (keys > 0) {
    EXPECT_EQ(rdb.recipe().records, keys);
  }
  if (rdb.parts.kind == ComponentKind::kRedis) {
    EXPECT_EQ(rdb.parts.properties.at("keys"), std::to_string(keys));
  }
}

TEST(RdbSource, EveryVersionComesBack) {
  for (const SyntheticRdb& rdb : all_rdbs()) {
    SCOPED_TRACE(rdb.what);
    expect_all_there(rdb.bytes);
    const StoredRdb stored = store_rdb(rdb.bytes);
    EXPECT_TRUE(stored.parts.ended) << stored.parts.problem;
    EXPECT_EQ(stored.parts.warnings.empty(), !rdb.unknown);
    for (const SyntheticKey& key : rdb.keys) EXPECT_NE(stored.part(redis_part_name(key.db, key.name)), nullptr) << printable(key.name);
  }
}

TEST(RdbSource, CutAnywhereItComesBackAndIsSaidToBreakOff) {
  for (const SyntheticRdb& rdb : all_rdbs()) {
    SCOPED_TRACE(rdb.what);
    const size_t step = rdb.bytes.size() > 20'000 ? 7 * 31 : 7;
    for (size_t size = 0; size < rdb.bytes.size(); size += step) {
      SCOPED_TRACE(size);
      const StoredRdb stored = store_rdb(rdb.bytes.substr(0, size));
      ASSERT_EQ(original_of(stored), rdb.bytes.substr(0, size));
      if (!rdb.unknown && rdb.version >= 5) {
        ASSERT_FALSE(stored.parts.ended);
      }
    }
  }
}

TEST(RdbSource, RandomFilesComeBack) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    KeyMaker make(seed);
    const std::string bytes = forge_rdb(make.keys(1 + make.below(1500)));
    expect_all_there(bytes);
  }
}

TEST(RdbSource, ARestartOfTheServerChangesNoRecord) {
  KeyMaker make(7);
  std::vector<ForgedKey> keys = make.keys(3000);
  make.restart(keys);
  const StoredRdb before = store_rdb(forge_rdb(keys));
  make.restart(keys);
  const std::string bytes = forge_rdb(keys, "1700009999");
  const StoredRdb after = store_rdb(bytes);
  EXPECT_NE(before.stored, after.stored);
  EXPECT_EQ(before.records(), after.records());
  EXPECT_EQ(before.keys, after.keys);
  EXPECT_EQ(original_of(after), bytes);
  EXPECT_LT(after.recipe().order_bytes(), 3 * 3000u);
}

TEST(RdbSource, TheUseOfKeysChangesNoRecord) {
  KeyMaker make(8);
  std::vector<ForgedKey> keys = make.keys(500);
  for (ForgedKey& key : keys) key.prefix = "\xf8" + rdb_length(make.below(1'000'000));
  const StoredRdb before = store_rdb(forge_rdb(keys));
  for (ForgedKey& key : keys) key.prefix = make.below(3) == 0 ? "" : "\xf8" + rdb_length(make.below(1'000'000));
  const std::string bytes = forge_rdb(keys);
  const StoredRdb after = store_rdb(bytes);
  EXPECT_EQ(before.records(), after.records());
  EXPECT_TRUE(after.recipe().has_use);
  EXPECT_EQ(original_of(after), bytes);
}

TEST(RdbSource, MemoryMakesNoDifference) {
  KeyMaker make(9);
  const std::string bytes = forge_rdb(make.keys(20'000));
  const StoredRdb little = store_rdb(bytes, 1, 1), much = store_rdb(bytes, 64 << 20, 1 << 20);
  EXPECT_EQ(little.stored, much.stored);
  EXPECT_EQ(little.parts.recipe, much.parts.recipe);
  EXPECT_EQ(little.keys, much.keys);
  EXPECT_EQ(original_of(little, 1), bytes);
}

TEST(RdbSource, LongSetsAndHashesAreSortedInsideToo) {
  for (const uint8_t type : {uint8_t{2}, uint8_t{4}}) {
    SCOPED_TRACE(int{type});
    KeyMaker make(type);
    std::vector<ForgedKey> keys = make.keys(20);
    for (const size_t bytes : {size_t{100'000}, size_t{3} << 20}) {   // in one piece, in several
      ForgedKey key{.name = "long" + std::to_string(bytes), .type = type};
      for (size_t size = 0; size < bytes; size += key.elements.back().size())
        key.elements.push_back(rdb_raw(make.word(20, 200)) + (type == 4 ? rdb_raw(make.word(20, 200)) : ""));
      key.value = rdb_length(key.elements.size());
      keys.push_back(key);
    }
    make.restart(keys);
    const StoredRdb before = store_rdb(forge_rdb(keys));
    make.restart(keys);
    const std::string bytes = forge_rdb(keys);
    const StoredRdb after = store_rdb(bytes);
    EXPECT_EQ(before.records(), after.records());
    EXPECT_EQ(original_of(after), bytes);
  }
}

TEST(RdbSource, ValuesTooLongToSortAreAsTheyWere) {
  ForgedKey key{.name = "set", .type = 2};
  for (int i = 0; i < 200; ++i) key.elements.push_back(rdb_raw(std::string(100'000, static_cast<char>('z' - i % 20)) + std::to_string(i)));
  key.value = rdb_length(key.elements.size());
  const std::string bytes = forge_rdb({key, {.name = "other", .type = 0, .value = rdb_raw("x")}});
  const StoredRdb rdb = store_rdb(bytes);
  EXPECT_EQ(rdb.recipe().inner_bytes, 0u);
  EXPECT_EQ(rdb.recipe().records, 2u);
  EXPECT_EQ(original_of(rdb), bytes);
}

TEST(RdbSource, ALongValueThatBreaksOffIsNoKey) {
  for (const uint8_t type : {uint8_t{0}, uint8_t{2}}) {
    ForgedKey key{.name = "long", .type = type, .elements = {rdb_raw(std::string(1 << 20, 'a')), rdb_raw(std::string(1 << 20, 'b'))}};
    if (type == 2) key.value = rdb_length(2);
    else key.elements = {rdb_raw(std::string(2 << 20, 'a'))};
    std::string bytes = forge_rdb({{.name = "a", .type = 0, .value = rdb_raw("1")}, key});
    bytes.resize(bytes.size() - 100);
    const StoredRdb rdb = store_rdb(bytes);
    EXPECT_EQ(rdb.recipe().records, 1u);
    EXPECT_FALSE(rdb.parts.ended);
    EXPECT_NE(rdb.parts.problem.find("breaks off"), std::string::npos) << rdb.parts.problem;
    EXPECT_EQ(original_of(rdb), bytes);
  }
}

TEST(RdbSource, MarksAreWhereRegionsAndRecordsBegin) {
  KeyMaker make(11);
  const StoredRdb rdb = store_rdb(forge_rdb(make.keys(1000)), 1 << 20, 1000);
  const RdbRecipe recipe = rdb.recipe();
  std::vector<uint64_t> cuts, items;
  for (const Mark& mark : rdb.marks) (mark.item ? items : cuts).push_back(mark.offset_bytes);
  EXPECT_TRUE(std::ranges::is_sorted(rdb.marks, {}, &Mark::offset_bytes));
  const auto regions = [&](bool exceptions) {
    std::vector<uint64_t> out{recipe.use_begin(), recipe.inner_begin(), recipe.order_begin(), recipe.verbatim_begin()};
    if (exceptions) out.insert(out.begin() + 3, recipe.exceptions_begin());
    return out;
  };
  EXPECT_EQ(cuts, regions(recipe.exceptions > 0));
  ASSERT_EQ(items.size(), 999u);
  // The grammar of an RDB: a reader walks from item to item.
  const RdbContent content = read_rdb(std::string(text(ByteView(recipe.header))) + rdb.records());
  uint64_t at = 0;
  const std::vector<RdbRecord> keys = content.keys();
  ASSERT_EQ(keys.size(), 1000u);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i > 0) {
      EXPECT_EQ(items[i - 1], at);
    }
    at += keys[i].bytes.size();
  }
  EXPECT_EQ(at, recipe.record_bytes);
  EXPECT_EQ(rdb.stored.size(), recipe.stored_bytes());
}

TEST(RdbSource, TellsOfTheFile) {
  const StoredRdb rdb = store_rdb(forge_rdb({{.db = 10, .name = "b", .type = 0, .value = rdb_raw("1")},
                                             {.db = 9, .name = "a/b", .prefix = "\xfc" + little_endian(1'900'000'000'123, 8), .type = 0,
                                              .value = rdb_raw("22")}}));
  const std::map<std::string, std::string> expected{
      {"original", "dump.rdb"},    {"format", "rdb"},                     {"rdb.version", "12"}, {"rdb.flavor", "redis"},
      {"server.version", "7.4.1"}, {"dump.time", "2023-11-14T22:13:20Z"}, {"databases", "9\n10"}, {"keys", "2"},
      {"expiring", "1"},           {"functions", "0"}};
  EXPECT_EQ(rdb.parts.properties, expected);
  EXPECT_EQ(rdb.parts.kind, ComponentKind::kRedis);
  ASSERT_EQ(rdb.keys.size(), 2u);
  EXPECT_EQ(rdb.keys[0].name, "10/b");
  EXPECT_EQ(rdb.keys[1].name, "9/a%2Fb");
  EXPECT_EQ(rdb.keys[1].properties.at("expires"), "1900000000123");
  EXPECT_EQ(rdb.content(rdb.keys[1]), std::string(1, '\0') + rdb_raw("22"));
}

TEST(RdbSource, FunctionsHaveParts) {
  RdbForge forge("functions", RdbFlavor::kRedis, 10);
  const std::string source = "#!lua name=mylib\nredis.register_function('f', function() return 1 end)";
  forge.raw("\xf5" + rdb_raw(source));
  forge.raw("\xf5" + rdb_lzf("#!lua   name=another \n-- nothing"));
  const std::string alone = forge.finish().bytes;
  forge = RdbForge("functions", RdbFlavor::kRedis, 10);
  forge.raw("\xf5" + rdb_raw(source));
  forge.database(0);
  forge.key("zzz", 0, rdb_raw("1"));
  const std::string with_key = forge.finish().bytes;

  const StoredRdb first = store_rdb(alone), second = store_rdb(with_key);
  EXPECT_EQ(first.stored, alone);
  EXPECT_EQ(first.parts.transform, "");
  EXPECT_EQ(first.parts.kind, ComponentKind::kRedis);
  ASSERT_EQ(first.keys.size(), 2u);
  EXPECT_EQ(first.keys[0].name, "functions/another.lua");
  EXPECT_EQ(first.content(first.keys[1]), source);
  ASSERT_EQ(second.keys.size(), 2u);
  EXPECT_EQ(second.keys[1].name, "functions/mylib.lua");
  EXPECT_EQ(second.keys[1].kind, "function");
  EXPECT_EQ(second.parts.properties.at("functions"), "1");
  EXPECT_EQ(original_of(second), with_key);
}

TEST(RdbSource, WithoutKeysNothingIsRewritten) {
  const std::string bytes = forge_rdb({});
  const StoredRdb rdb = store_rdb(bytes);
  EXPECT_EQ(rdb.stored, bytes);
  EXPECT_EQ(rdb.parts.kind, ComponentKind::kRedis);
  EXPECT_EQ(rdb.parts.transform, "");
  EXPECT_TRUE(rdb.parts.ended);
  EXPECT_TRUE(rdb.keys.empty());
  EXPECT_TRUE(rdb.marks.empty());
}

TEST(RdbSource, AnUnknownVersionIsAStream) {
  const std::string bytes = "REDIS0099" + std::string(1000, 'x');
  const StoredRdb rdb = store_rdb(bytes);
  EXPECT_EQ(rdb.stored, bytes);
  EXPECT_EQ(rdb.parts.kind, ComponentKind::kStream);
  EXPECT_TRUE(rdb.parts.ended);
  EXPECT_EQ(rdb.parts.warnings.size(), 1u);
  EXPECT_TRUE(rdb.parts.properties.empty());
}

TEST(RdbSource, BehindAnUnknownTypeNothingIsSeen) {
  RdbForge forge("unknown", RdbFlavor::kRedis, 11);
  forge.database(0);
  forge.key("a", 0, rdb_raw("1"));
  const size_t known = 9 + 2 + 5;
  forge.raw("\x63" + rdb_raw("b") + "something");
  const std::string bytes = forge.finish().bytes;
  const StoredRdb rdb = store_rdb(bytes);
  EXPECT_EQ(original_of(rdb), bytes);
  EXPECT_TRUE(rdb.parts.ended);
  ASSERT_EQ(rdb.parts.warnings.size(), 1u);
  EXPECT_NE(rdb.parts.warnings[0].find("behind byte " + std::to_string(known)), std::string::npos) << rdb.parts.warnings[0];
  EXPECT_EQ(rdb.keys.size(), 1u);
}

TEST(RdbSource, WhatFollowsTheEndIsKept) {
  KeyMaker make(12);
  const std::string bytes = forge_rdb(make.keys(10)) + "*1\r\n$4\r\nPING\r\n";
  const StoredRdb rdb = store_rdb(bytes);
  EXPECT_EQ(original_of(rdb), bytes);
  EXPECT_TRUE(rdb.parts.ended) << rdb.parts.problem;
  ASSERT_EQ(rdb.parts.warnings.size(), 1u);
  EXPECT_TRUE(rdb.parts.warnings[0].starts_with("14 bytes")) << rdb.parts.warnings[0];
}

TEST(RdbSource, AWrongChecksumIsNoGoodFile) {
  KeyMaker make(13);
  std::string bytes = forge_rdb(make.keys(10));
  bytes.back() = static_cast<char>(bytes.back() + 1);
  const StoredRdb rdb = store_rdb(bytes);
  EXPECT_FALSE(rdb.parts.ended);
  EXPECT_NE(rdb.parts.problem.find("checksum"), std::string::npos) << rdb.parts.problem;
  EXPECT_EQ(original_of(rdb), bytes);
  EXPECT_EQ(rdb.keys.size(), 10u);
}

TEST(RdbSource, OfTwoKeysOfOneNameTheFirstIsAPart) {
  const std::string bytes = forge_rdb({{.name = "a", .type = 0, .value = rdb_raw("first")},
                                       {.name = "b", .type = 0, .value = rdb_raw("b")},
                                       {.name = "a", .type = 0, .value = rdb_raw("second")}});
  const StoredRdb rdb = store_rdb(bytes);
  EXPECT_EQ(original_of(rdb), bytes);
  ASSERT_EQ(rdb.keys.size(), 2u);
  EXPECT_EQ(rdb.content(rdb.keys[0]), std::string(1, '\0') + rdb_raw("first"));
}

TEST(RdbSource, ManyChangesOfDatabaseEndTheSorting) {
  RdbForge forge("changes", RdbFlavor::kRedis, 11);
  for (size_t i = 0; i < RdbRecipe::kMostRuns + 10; ++i) {
    forge.raw("\xfe" + rdb_length(i % 50));
    forge.raw(std::string(1, '\0') + rdb_raw(std::to_string(i)) + rdb_raw(""));
  }
  const std::string bytes = forge.finish().bytes;
  const StoredRdb rdb = store_rdb(bytes);
  EXPECT_EQ(original_of(rdb), bytes);
  EXPECT_LE(rdb.recipe().layout.size(), RdbRecipe::kMostRuns);
  EXPECT_LT(rdb.recipe().records, RdbRecipe::kMostRuns);
  EXPECT_EQ(rdb.parts.warnings.size(), 1u);
}

TEST(RdbSource, WhatReadingThrowsComesThrough) {
  const auto source = make_rdb_source([](std::span<uint8_t>) -> size_t { throw Error(ErrorCode::kIo, "gone"); });
  Bytes block(10);
  EXPECT_THROW(source->read(block), Error);
}

}  // namespace
}  // namespace cairn
