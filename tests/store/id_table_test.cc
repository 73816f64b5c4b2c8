#include "store/id_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace cairn {
namespace {

// Few different beginnings, so that they stand in each other's way.
ChunkId id_of(uint32_t number, uint8_t beginnings) {
  ChunkId id;
  id.bytes[0] = static_cast<uint8_t>(number % beginnings);
  for (int i = 0; i < 4; ++i) id.bytes[static_cast<size_t>(28 + i)] = static_cast<uint8_t>(number >> 8 * i);
  return id;
}

TEST(IdTable, IsEmptyAtFirst) {
  IdTable<int> table;
  EXPECT_EQ(table.find(ChunkId{}), nullptr);
  EXPECT_EQ(table.size(), 0u);
  table.put(ChunkId{}, 7);
  ASSERT_NE(table.find(ChunkId{}), nullptr);
  EXPECT_EQ(*table.find(ChunkId{}), 7);
}

TEST(IdTable, HoldsWhatAMapHolds) {
  for (const uint8_t beginnings : std::initializer_list<uint8_t>{1, 7, 255}) {
    IdTable<uint32_t> table;
    std::map<ChunkId, uint32_t> model;
    std::mt19937 random(beginnings);
    for (uint32_t i = 0; i < 2000; ++i) {
      const ChunkId id = id_of(static_cast<uint32_t>(random() % 1000), beginnings);
      table.put(id, i);
      model[id] = i;
      ASSERT_EQ(table.size(), model.size());
    }
    for (uint32_t number = 0; number < 1000; ++number) {
      const ChunkId id = id_of(number, beginnings);
      const auto expected = model.find(id);
      const uint32_t* found = table.find(id);
      ASSERT_EQ(found != nullptr, expected != model.end()) << number;
      if (found) {
        EXPECT_EQ(*found, expected->second) << number;
      }
    }
  }
}

}  // namespace
}  // namespace cairn
