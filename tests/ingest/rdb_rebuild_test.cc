// Stored streams and recipes that aren't what they were: an Error, or the original; never anything else.
#include <gtest/gtest.h>

#include "tests/ingest/rdb_source_fixture.h"

namespace cairn {
namespace {

// True when it was refused as damaged.
bool refused(std::string_view stored, ByteView recipe, std::string_view original) {
  try {
    const auto rebuilder = make_rdb_rebuilder(recipe, 1);
    std::string out;
    rebuilder->rebuild(0, reads_of(stored), [&](ByteView bytes) { out += text(bytes); });
    EXPECT_EQ(out, original);
    return false;
  } catch (const Error& error) {
    EXPECT_TRUE(error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kUnsupported) << error.what();
    return true;
  }
}

std::string some_rdb(uint64_t seed, size_t count) {
  KeyMaker make(seed);
  return forge_rdb(make.keys(count));
}

TEST(RdbRebuild, TellsTheOriginalsSize) {
  const std::string bytes = some_rdb(1, 20);
  const StoredRdb rdb = store_rdb(bytes);
  const auto rebuilder = make_rdb_rebuilder(rdb.parts.recipe);
  ASSERT_EQ(rebuilder->files().size(), 1u);
  EXPECT_EQ(rebuilder->files()[0].name, "");
  EXPECT_EQ(rebuilder->files()[0].size_bytes, bytes.size());
}

TEST(RdbRebuild, AnyByteOfTheStoredStreamCounts) {
  const std::string bytes = some_rdb(2, 30);
  const StoredRdb rdb = store_rdb(bytes);
  const RdbRecipe recipe = rdb.recipe();
  for (size_t at = 0; at < rdb.stored.size(); ++at) {
    std::string other = rdb.stored;
    other[at] = static_cast<char>(other[at] ^ 1 << at % 8);
    // The bits that fill up a byte of an order inside a value mean nothing.
    const bool filling = at >= recipe.inner_begin() && at < recipe.order_begin();
    ASSERT_TRUE(refused(other, rdb.parts.recipe, bytes) || filling) << at;
  }
}

TEST(RdbRebuild, AnyByteOfTheRecipeCounts) {
  const std::string bytes = some_rdb(3, 40);
  const StoredRdb rdb = store_rdb(bytes);
  for (size_t at = 0; at < rdb.parts.recipe.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes other = rdb.parts.recipe;
      other[at] = static_cast<uint8_t>(other[at] ^ 1 << bit);
      refused(rdb.stored, other, bytes);
    }
  for (size_t size = 0; size < rdb.parts.recipe.size(); ++size)
    EXPECT_TRUE(refused(rdb.stored, ByteView(rdb.parts.recipe).first(size), bytes));
}

TEST(RdbRebuild, AShorterStreamIsRefused) {
  const std::string bytes = some_rdb(4, 100);
  const StoredRdb rdb = store_rdb(bytes);
  for (size_t size = 0; size < rdb.stored.size(); size += 53) ASSERT_TRUE(refused(rdb.stored.substr(0, size), rdb.parts.recipe, bytes));
}

TEST(RdbRebuild, RandomDamage) {
  std::mt19937_64 random(5);
  const std::string bytes = some_rdb(100, 200);
  const StoredRdb rdb = store_rdb(bytes);
  for (int round = 0; round < 200; ++round) {
    std::string stored = rdb.stored;
    for (int i = 0; i < 4; ++i) stored[random() % stored.size()] = static_cast<char>(random());
    refused(stored, rdb.parts.recipe, bytes);
  }
}

TEST(RdbRebuild, ARecipeOfHugeNumbersTakesNoMemory) {
  RdbRecipe recipe;
  std::ranges::copy(view("REDIS0011"), recipe.header.begin());
  recipe.records = uint64_t{1} << 32;
  recipe.width = 8;
  recipe.record_bytes = recipe.inner_bytes = recipe.exception_bytes = uint64_t{1} << 50;
  recipe.exceptions = recipe.records;
  recipe.original_bytes = recipe.record_bytes;
  recipe.databases = {{0, recipe.records}};
  recipe.layout = {{recipe.records, 0}};
  EXPECT_TRUE(refused("short", encode_rdb_recipe(recipe), ""));
}

TEST(RdbRebuild, AReaderThatGivesTooLittleIsRefused) {
  const std::string bytes = some_rdb(6, 10);
  const StoredRdb rdb = store_rdb(bytes);
  const auto rebuilder = make_rdb_rebuilder(rdb.parts.recipe);
  const auto whole = reads_of(rdb.stored);
  const ReadStored less = [&](uint64_t offset, uint64_t length, const std::function<void(ByteView)>& write) {
    whole(offset, length / 2, write);
  };
  EXPECT_THROW(rebuilder->rebuild(0, less, [](ByteView) {}), Error);
}

}  // namespace
}  // namespace cairn
