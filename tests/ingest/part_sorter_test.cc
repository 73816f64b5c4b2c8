#include "ingest/sort/part_sorter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace cairn {
namespace {

Part part(const std::string& name, const std::string& kind = "key") {
  Part out;
  out.name = name;
  out.kind = kind;
  return out;
}

std::vector<Part> drain(PartSorter&& sorter) {
  std::unique_ptr<PartStream> stream = std::move(sorter).finish();
  std::vector<Part> parts;
  for (Part next; stream->next(next);) parts.push_back(next);
  Part more;
  EXPECT_FALSE(stream->next(more));
  return parts;
}

TEST(PartSorter, GivesPartsBackInOrder) {
  std::mt19937_64 random(5);
  std::vector<Part> parts;
  for (size_t i = 0; i < 20'000; ++i) {
    Part next = part(std::to_string(i % 3) + "/session:" + std::to_string(i * 7919 % 20'000), i % 2 == 0 ? "key" : "function");
    for (size_t n = random() % 4; n > 0; --n) next.preamble.push_back(static_cast<uint8_t>(random()));
    for (size_t n = random() % 4; n > 0; --n) next.extents.push_back({random() % (uint64_t{1} << 40), random() % 100'000});
    if (i % 2 == 0) next.properties = {{"expires", std::to_string(random())}, {"type", "hash"}};
    if (i % 5 == 0) next.properties[""] = std::string("\0\xff", 2);
    parts.push_back(std::move(next));
  }
  for (size_t memory_bytes : {size_t{1}, size_t{64} << 20}) {
    PartSorter sorter(memory_bytes);
    for (const Part& next : parts) sorter.add(next);
    EXPECT_EQ(sorter.count(), parts.size());
    EXPECT_EQ(sorter.left_out(), 0u);
    std::vector<Part> sorted = parts;
    std::ranges::sort(sorted, {}, &Part::name);
    EXPECT_TRUE(drain(std::move(sorter)) == sorted);
  }
}

TEST(PartSorter, KeepsTheFirstOfAName) {
  PartSorter sorter(1);
  for (size_t i = 0; i < 30'000; ++i) sorter.add(part("name" + std::to_string(i % 100 + 100), std::to_string(i)));
  const std::vector<Part> parts = drain(std::move(sorter));
  ASSERT_EQ(parts.size(), 100u);
  for (size_t i = 0; i < parts.size(); ++i) EXPECT_EQ(parts[i], part("name" + std::to_string(i + 100), std::to_string(i)));
}

TEST(PartSorter, LeavesOutWhatNoCatalogueHolds) {
  PartSorter sorter;
  Part big = part("big");
  big.preamble.resize(8 << 20);
  Part wide = part("wide");
  wide.extents.resize(300'000);
  for (const Part& bad : {part(""), part("a//b"), part("../a"), part("a", std::string(256, 'k')), big, wide}) sorter.add(bad);
  big.preamble.resize(3 << 20);
  sorter.add(big);
  EXPECT_EQ(sorter.left_out(), 6u);
  EXPECT_EQ(sorter.count(), 1u);
  EXPECT_EQ(drain(std::move(sorter)), std::vector<Part>{big});
}

TEST(PartSorter, HasNoneWhenNoneCame) { EXPECT_TRUE(drain(PartSorter()).empty()); }

}  // namespace
}  // namespace cairn
