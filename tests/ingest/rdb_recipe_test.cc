#include "ingest/redis/rdb_recipe.h"

#include <gtest/gtest.h>

#include <random>

namespace cairn {
namespace {

RdbRecipe some_recipe() {
  RdbRecipe out;
  std::ranges::copy(view("REDIS0011"), out.header.begin());
  out.records = 5;
  out.has_use = true;
  out.width = 2;
  out.record_bytes = 1000;
  out.use_bytes = 5 + 7;
  out.inner_bytes = 30;
  out.exceptions = 2;
  out.exception_bytes = 4;
  out.verbatim_bytes = 300;
  out.original_bytes = 1000 + 7 + 300;
  out.hash = blake3(view("the original"));
  out.databases = {{0, 2}, {10, 3}};
  out.layout = {{0, 100}, {2, 150}, {3, 50}};
  return out;
}

TEST(RdbRecipe, ComesBack) {
  const RdbRecipe recipe = some_recipe();
  EXPECT_EQ(decode_rdb_recipe(encode_rdb_recipe(recipe)), recipe);
  EXPECT_EQ(recipe.stored_bytes(), 1000u + 12 + 30 + 10 + 4 + 300);
}

// The numbers stand in files: byte by byte.
TEST(RdbRecipe, IsWrittenSo) {
  RdbRecipe recipe = some_recipe();
  recipe.hash = {};
  std::string expected = "\x01REDIS0011" + std::string("\x9b\x0a") + std::string(32, '\0') + "\x05\x01\x02" + "\xe8\x07" + "\x0c\x1e" +
                         std::string("\x02\x04\xac\x02") + std::string("\x02\x00\x02\x0a\x03", 5) +
                         std::string("\x03\x00\x64\x02\x96\x01\x03\x32", 8);
  EXPECT_EQ(text(encode_rdb_recipe(recipe)), expected);
}

TEST(RdbRecipe, CutOrLongerItIsNone) {
  Bytes bytes = encode_rdb_recipe(some_recipe());
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_THROW(decode_rdb_recipe(ByteView(bytes).first(size)), Error) << size;
  bytes.push_back(0);
  EXPECT_THROW(decode_rdb_recipe(bytes), Error);
}

TEST(RdbRecipe, ANewerKindIsSaidToBeOne) {
  Bytes bytes = encode_rdb_recipe(some_recipe());
  bytes[0] = 2;
  try {
    decode_rdb_recipe(bytes);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
  }
}

TEST(RdbRecipe, NumbersMustFitEachOther) {
  const auto refused = [](auto change) {
    RdbRecipe recipe = some_recipe();
    change(recipe);
    try {
      decode_rdb_recipe(encode_rdb_recipe(recipe));
    } catch (const Error& error) {
      return error.code() == ErrorCode::kCorrupt;
    }
    return false;
  };
  EXPECT_FALSE(refused([](RdbRecipe&) {}));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.records = 6; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.databases[0].records = 3; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.layout[2].records = 2; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.layout[2].verbatim_bytes = 51; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.original_bytes += 1; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.use_bytes = 4; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.has_use = false; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.width = 0; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.width = 9; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.exceptions = 6; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.record_bytes = uint64_t{1} << 60; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.layout.assign(RdbRecipe::kMostRuns + 1, {}); }));
  // What is read into memory at once is no more than records and exceptions can take: holes in a stream cost nothing.
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.exception_bytes = uint64_t{1} << 40; }));
  EXPECT_TRUE(refused([](RdbRecipe& r) { r.databases.insert(r.databases.end(), RdbRecipe::kMostRuns, {}); }));
  EXPECT_TRUE(refused([](RdbRecipe& r) {
    r.records = 500;
    r.databases = {{0, 500}};
    r.layout = {{500, 300}};
    r.use_bytes = 507;
  }));
}

TEST(RdbRecipe, ExceptionsComeBack) {
  const std::vector<OrderException> some{{0, 9}, {1, 3}, {700, 4}, {999, 0}};
  const Bytes bytes = encode_order_exceptions(some);
  EXPECT_EQ(decode_order_exceptions(bytes, 4, 1000), some);
  EXPECT_EQ(bytes.size(), 2u + 2 + 3 + 3);
  EXPECT_THROW(decode_order_exceptions(bytes, 3, 1000), Error);
  EXPECT_THROW(decode_order_exceptions(bytes, 5, 1000), Error);
  EXPECT_THROW(decode_order_exceptions(bytes, 4, 999), Error);
  EXPECT_THROW(decode_order_exceptions(bytes, uint64_t{1} << 40, 1000), Error);
  EXPECT_THROW(decode_order_exceptions(encode_order_exceptions({{{5, 1}, {5, 2}}}), 2, 1000), Error);
  EXPECT_TRUE(decode_order_exceptions({}, 0, 0).empty());
}

}  // namespace
}  // namespace cairn
