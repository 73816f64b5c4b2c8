#include "store/id_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace cairn {
namespace {

ChunkId id_of(uint64_t first, uint64_t last) {
  ChunkId id;
  std::memcpy(id.bytes.data(), &first, sizeof first);
  std::memcpy(id.bytes.data() + ChunkId::kBytes - sizeof last, &last, sizeof last);
  return id;
}

TEST(IdTable, FindsNothingInAnEmptyOne) {
  IdTable<int> table;
  EXPECT_EQ(table.find(id_of(1, 2)), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

// Ids come in clusters that begin alike, so that most lie beside their place and some have the very hash of another.
TEST(IdTable, HoldsWhatAMapHolds) {
  std::mt19937_64 random(5);
  IdTable<uint64_t> table;
  std::map<ChunkId, uint64_t> model;
  std::map<ChunkId, uint64_t*> places;
  for (int i = 0; i < 20'000; ++i) {
    const ChunkId id = id_of(random() % 3000 << (random() % 2 * 40), random() % 4);
    if (random() % 3 == 0) {
      const auto known = model.find(id);
      const uint64_t* found = table.find(id);
      ASSERT_EQ(found != nullptr, known != model.end());
      if (found) {
        ASSERT_EQ(*found, known->second);
      }
      continue;
    }
    const uint64_t value = random();
    uint64_t& place = table[id];
    if (const auto known = places.find(id); known != places.end()) {
      ASSERT_EQ(&place, known->second) << "moved";
    }
    ASSERT_EQ(place, model[id]) << "not made anew, and zero at first";
    places[id] = &place;
    place = model[id] = value;
  }
  EXPECT_EQ(table.size(), model.size());
  EXPECT_GT(model.size(), 5000u);
}

}  // namespace
}  // namespace cairn
