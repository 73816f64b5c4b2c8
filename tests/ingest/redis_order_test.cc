#include "ingest/redis/order.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include "store/error.h"

namespace cairn {
namespace {

// A file as it was: what stood at each position, and where the records stand that are given in sorted order.
struct File {
  std::vector<uint64_t> hashes;      // by position
  std::vector<uint64_t> positions;   // by rank
  Bytes list(unsigned width) const {
    Bytes out;
    for (uint64_t hash : hashes)
      for (unsigned byte = 0; byte < width; ++byte) out.push_back(static_cast<uint8_t>(hash >> (8 * byte)));
    return out;
  }
};

// Shuffled; hashes are one of `different`, spread over all bits or not.
File random_file(std::mt19937_64& random, size_t count, uint64_t different, bool spread) {
  File file;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t value = random() % different;
    file.hashes.push_back(spread ? value * 0x9e3779b97f4a7c15 : value);
  }
  file.positions.resize(count);
  std::iota(file.positions.begin(), file.positions.end(), uint64_t{0});
  std::ranges::shuffle(file.positions, random);
  return file;
}

std::vector<OrderException> exceptions_of(const File& file, unsigned width) {
  OrderWriter writer(file.hashes, width);
  for (uint64_t position : file.positions) writer.add(position);
  return writer.finish();
}

// What the rules say, found slowly: all records of the marks whose ranks don't ascend with their positions.
std::vector<OrderException> expected_exceptions(const File& file, unsigned width) {
  const uint64_t mask = UINT64_MAX >> (64 - 8 * width);
  std::map<uint64_t, std::vector<OrderException>> by_mark;
  for (uint64_t rank = 0; rank < file.positions.size(); ++rank)
    by_mark[file.hashes[file.positions[rank]] & mask].push_back({rank, file.positions[rank]});
  std::vector<OrderException> expected;
  for (const auto& [mark, group] : by_mark)
    if (!std::ranges::is_sorted(group, {}, &OrderException::position)) expected.insert(expected.end(), group.begin(), group.end());
  std::ranges::sort(expected, {}, &OrderException::rank);
  return expected;
}

void expect_placed(const File& file, unsigned width) {
  const std::vector<OrderException> exceptions = exceptions_of(file, width);
  EXPECT_EQ(exceptions, expected_exceptions(file, width));
  OrderTable table(file.list(width), width, exceptions);
  EXPECT_EQ(table.count(), file.hashes.size());
  size_t wrong = 0;
  for (uint64_t position : file.positions) wrong += table.place(file.hashes[position]) != position;
  EXPECT_EQ(wrong, 0u);
  EXPECT_THROW(table.place(file.hashes.empty() ? 0 : file.hashes[0]), Error);
}

template <class Call>
ErrorCode code_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "no error";
  return ErrorCode::kInterrupted;
}

TEST(RedisOrder, HashesAsTheAuthorsDo) {
  const std::map<size_t, uint64_t> vectors = {
      {0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd},  {2, 0x0d6c8009d9a94f5a},  {3, 0x85676696d7fb7e2d},
      {7, 0xab0200f58b01d137},  {8, 0x93f5f5799a932462},  {9, 0x9e0082df0ba9e4b0},  {15, 0xa129ca6149be45e5},
      {16, 0x3f2acc7f57c29bdb}, {31, 0x32d892fad841c342}, {63, 0x958a324ceb064572},
  };
  Bytes bytes(64);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  for (const auto& [length, hash] : vectors)
    EXPECT_EQ(sip_hash(0x0706050403020100, 0x0f0e0d0c0b0a0908, ByteView(bytes).first(length)), hash) << length;
}

TEST(RedisOrder, HashesAsLibsodiumDoes) {
  static_assert(crypto_shorthash_BYTES == sizeof(uint64_t));
  const uint8_t key[crypto_shorthash_KEYBYTES] = {};
  std::mt19937_64 random(1);
  std::string name;
  for (size_t i = 0; i < 600; ++i) {
    uint64_t hash;
    ASSERT_EQ(crypto_shorthash(reinterpret_cast<uint8_t*>(&hash), view(name).data(), name.size(), key), 0);
    EXPECT_EQ(order_hash(name), hash) << i;
    name += static_cast<char>(random());
  }
}

TEST(RedisOrder, MarksHaveRoomForEightTimesTheRecords) {
  EXPECT_EQ(order_width(0), 1u);
  EXPECT_EQ(order_width(32), 1u);
  EXPECT_EQ(order_width(33), 2u);
  EXPECT_EQ(order_width(8192), 2u);
  EXPECT_EQ(order_width(8193), 3u);
  EXPECT_EQ(order_width(uint64_t{1} << 29), 4u);
  EXPECT_EQ(order_width((uint64_t{1} << 29) + 1), 5u);
  EXPECT_EQ(order_width(uint64_t{1} << 61), 8u);
  EXPECT_EQ(order_width(UINT64_MAX), 8u);
}

TEST(RedisOrder, PlacesManyThatAreSortedBeside) {
  std::mt19937_64 random(9);
  for (uint64_t different : {uint64_t{1}, uint64_t{50'000}, UINT64_MAX})
    for (unsigned width : {2u, 3u, 4u, 5u}) {
      SCOPED_TRACE(std::to_string(different) + " hashes, width " + std::to_string(width));
      expect_placed(random_file(random, 100'000, different, true), width);
    }
  OrderWriter left(random_file(random, 100'000, UINT64_MAX, true).hashes, 3);   // before it is done
}

TEST(RedisOrder, PlacesWhatWasShuffled) {
  std::mt19937_64 random(2);
  for (size_t count : {0, 1, 2, 3, 40, 100, 1000, 5000}) {
    for (uint64_t different : {uint64_t{1}, uint64_t{2}, uint64_t{10}, uint64_t{300}, uint64_t{100'000}, UINT64_MAX}) {
      for (unsigned width = 1; width <= 8; ++width) {
        SCOPED_TRACE(std::to_string(count) + " records, " + std::to_string(different) + " hashes, width " + std::to_string(width));
        expect_placed(random_file(random, count, different, true), width);
        expect_placed(random_file(random, count, different, false), width);
      }
    }
  }
}

TEST(RedisOrder, PlacesNamesWithFewExceptions) {
  std::mt19937_64 random(3);
  constexpr size_t kCount = 200'000;
  std::vector<std::string> names;
  for (size_t i = 0; i < kCount; ++i) names.push_back("0/session:" + std::to_string(i + kCount));
  File file = random_file(random, kCount, 1, false);
  for (size_t rank = 0; rank < kCount; ++rank) file.hashes[file.positions[rank]] = order_hash(names[rank]);
  const unsigned width = order_width(kCount);
  EXPECT_EQ(width, 3u);
  expect_placed(file, width);
  // Of 200,000 marks among 2^24 some 1.2 % aren't alone; half of the pairs are the wrong way round.
  EXPECT_LT(exceptions_of(file, width).size(), kCount / 50);
}

TEST(RedisOrder, NeedsNoExceptionWhereNothingMoved) {
  std::mt19937_64 random(4);
  File file = random_file(random, 5000, 100, true);
  std::ranges::sort(file.positions);
  EXPECT_TRUE(exceptions_of(file, 2).empty());
  OrderTable table(file.hashes, 2);
  for (uint64_t position = 0; position < 5000; ++position) ASSERT_EQ(table.place(file.hashes[position]), position);
}

TEST(RedisOrder, IsNotSlowedDownByEqualMarks) {
  std::mt19937_64 random(5);
  for (uint64_t different : {uint64_t{1}, uint64_t{500'000}}) {
    const File file = random_file(random, 500'000, different, false);   // among 2^64 marks, all in one corner
    const std::vector<OrderException> exceptions = exceptions_of(file, 8);
    OrderTable exact(file.list(8), 8, exceptions);
    size_t wrong = 0;
    for (uint64_t position : file.positions) wrong += exact.place(file.hashes[position]) != position;
    EXPECT_EQ(wrong, 0u);
    OrderTable table(file.hashes, 8);
    std::vector<bool> given(file.hashes.size());
    for (uint64_t hash : file.hashes) {
      const uint64_t position = table.place(hash);
      ASSERT_FALSE(given[position]);
      given[position] = true;
    }
  }
}

TEST(RedisOrder, RefusesWhatCannotBe) {
  const Bytes list = {1, 0, 2, 0, 1, 0};
  const auto made = [&](std::vector<OrderException> exceptions) { return [&list, exceptions] { OrderTable(list, 2, exceptions); }; };
  EXPECT_EQ(code_of([&] { OrderTable(list, 0, {}); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { OrderTable(list, 4, {}); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { OrderTable(list, 9, {}); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(made({{3, 0}})), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(made({{0, 3}})), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(made({{1, 0}, {0, 2}})), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(made({{0, 0}, {0, 2}})), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(made({{0, 2}, {1, 2}})), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(made({{UINT64_MAX, 0}})), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([] { OrderTable(std::vector<uint64_t>(3), 9); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of([] { OrderWriter(std::vector<uint64_t>(3), 0); }), ErrorCode::kInvalidArgument);
}

TEST(RedisOrder, NoticesRecordsThatDoNotBelong) {
  const Bytes list = {1, 2, 1};
  OrderTable table(list, 1, {});
  EXPECT_EQ(code_of([&] { table.place(3); }), ErrorCode::kCorrupt);
  EXPECT_EQ(table.place(0x501), 0u);
  EXPECT_EQ(table.place(0x701), 2u);
  EXPECT_EQ(code_of([&] { table.place(1); }), ErrorCode::kCorrupt);
  EXPECT_EQ(table.place(2), 1u);
  EXPECT_EQ(code_of([&] { table.place(2); }), ErrorCode::kCorrupt);

  const std::vector<OrderException> exceptions = {{1, 0}};
  OrderTable excepted(list, 1, exceptions);
  EXPECT_EQ(excepted.place(1), 2u) << "the other place is taken";
  EXPECT_EQ(code_of([&] { excepted.place(2); }), ErrorCode::kCorrupt) << "the exception is of another mark";
  EXPECT_EQ(excepted.place(2), 1u);
  EXPECT_EQ(code_of([&] { excepted.place(1); }), ErrorCode::kCorrupt);
}

TEST(RedisOrder, TheWriterTakesEachPositionOnce) {
  OrderWriter writer({1, 2, 1}, 1);
  EXPECT_EQ(code_of([&] { writer.add(3); }), ErrorCode::kInvalidArgument);
  writer.add(2);
  EXPECT_EQ(code_of([&] { writer.add(2); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of([&] { writer.finish(); }), ErrorCode::kInvalidArgument);
  writer.add(1);
  writer.add(0);
  EXPECT_EQ(writer.finish(), (std::vector<OrderException>{{0, 2}, {2, 0}}));
}

}  // namespace
}  // namespace cairn
