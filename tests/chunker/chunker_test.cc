#include "chunker/chunker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

namespace cairn {
namespace {

using Bytes = std::vector<uint8_t>;
using Lengths = std::vector<uint32_t>;

constexpr ChunkSize kAllSizes[] = {ChunkSize::kFine, ChunkSize::kNormal, ChunkSize::kCoarse};
// Small sizes give many cuts in little data.
constexpr ChunkerSizes kSmall = {.fine_bytes = 1 << 10, .normal_bytes = 4 << 10, .coarse_bytes = 32 << 10};
constexpr ChunkerSizes kClose = {.fine_bytes = 1 << 10, .normal_bytes = 2 << 10, .coarse_bytes = 4 << 10};

std::array<uint64_t, 256> random_table(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::array<uint64_t, 256> table;
  for (uint64_t& word : table) word = random();
  return table;
}

Bytes random_bytes(size_t size_bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes(size_bytes);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

// Random runs, runs of one byte and repeated phrases: minima, maxima and cuts close together all occur.
Bytes mixed_bytes(size_t size_bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes;
  while (bytes.size() < size_bytes) {
    const size_t run = random() % 40000;
    const Bytes phrase = random_bytes(random() % 3 == 0 ? 1 : random() % 3000 + 1, random());
    const bool fresh = random() % 2 == 0;
    for (size_t i = 0; i < run; ++i) bytes.push_back(fresh ? static_cast<uint8_t>(random()) : phrase[i % phrase.size()]);
  }
  bytes.resize(size_bytes);
  return bytes;
}

// The definition, byte by byte: hashes everything, tracks every size that matters, lets the largest size that may cut do so.
Lengths reference_lengths(const ChunkerParams& params, ChunkSize chunk_size, const Bytes& bytes) {
  Lengths lengths;
  uint64_t hash = 0;
  uint32_t length = 0;
  std::array<uint32_t, 3> since{};
  for (uint8_t byte : bytes) {
    hash = 2 * hash + params.table()[byte];
    ++length;
    for (uint32_t& each : since) ++each;
    for (size_t size = 2; size + 1 > static_cast<size_t>(chunk_size); --size) {
      const ChunkerParams::Level& level = params.level(static_cast<ChunkSize>(size));
      const bool natural = since[size] >= level.min_bytes && hash < level.threshold;
      if (!natural && since[size] != level.max_bytes) continue;
      lengths.push_back(length);
      length = 0;
      for (size_t smaller = 0; smaller <= size; ++smaller) since[smaller] = 0;
      break;
    }
  }
  if (length > 0) lengths.push_back(length);
  return lengths;
}

Lengths scan_whole(const ChunkerParams& params, ChunkSize size, const Bytes& bytes) {
  Chunker chunker(params, size);
  Lengths lengths;
  chunker.scan(bytes, lengths);
  if (uint32_t last = chunker.force_cut(); last > 0) lengths.push_back(last);
  return lengths;
}

// Scans in pieces of next_size() bytes.
template <class NextSize>
Lengths scan_split(const ChunkerParams& params, ChunkSize size, const Bytes& bytes, NextSize next_size) {
  Chunker chunker(params, size);
  Lengths lengths;
  std::span<const uint8_t> rest = bytes;
  while (!rest.empty()) {
    const size_t piece = std::min<size_t>(next_size(), rest.size());
    chunker.scan(rest.first(piece), lengths);
    rest = rest.subspan(piece);
  }
  if (uint32_t last = chunker.force_cut(); last > 0) lengths.push_back(last);
  return lengths;
}

// Offsets where chunks end.
std::set<size_t> cuts_of(const Lengths& lengths) {
  std::set<size_t> cuts;
  size_t offset = 0;
  for (uint32_t length : lengths) cuts.insert(offset += length);
  return cuts;
}

bool is_subset(const std::set<size_t>& small, const std::set<size_t>& large) {
  return std::includes(large.begin(), large.end(), small.begin(), small.end());
}

TEST(Chunker, CutsAsTheByteByByteDefinitionSays) {
  for (const ChunkerSizes& sizes : {kSmall, kClose}) {
    for (uint64_t seed = 0; seed < 8; ++seed) {
      const ChunkerParams params(random_table(seed), sizes);
      const Bytes bytes = seed % 2 == 0 ? random_bytes(1 << 20, seed) : mixed_bytes(1 << 20, seed);
      for (ChunkSize size : kAllSizes) {
        EXPECT_EQ(scan_whole(params, size, bytes), reference_lengths(params, size, bytes)) << "seed " << seed;
      }
    }
  }
}

TEST(Chunker, CutsAsDefinedWithTheDefaultSizes) {
  const ChunkerParams params(random_table(9), ChunkerSizes{});
  const Bytes bytes = random_bytes(12 << 20, 9);
  for (ChunkSize size : kAllSizes) EXPECT_EQ(scan_whole(params, size, bytes), reference_lengths(params, size, bytes));
}

TEST(Chunker, CutsTheSameHoweverTheInputIsSplit) {
  const ChunkerParams params(random_table(1), kSmall);
  const Bytes bytes = mixed_bytes(300000, 1);
  for (ChunkSize size : kAllSizes) {
    const Lengths whole = scan_whole(params, size, bytes);
    for (size_t piece : {1, 2, 3, 63, 64, 65, 511, 4096}) {
      EXPECT_EQ(scan_split(params, size, bytes, [&] { return piece; }), whole) << "pieces of " << piece;
    }
    for (uint64_t seed = 0; seed < 20; ++seed) {
      std::mt19937_64 random(seed);
      auto next_size = [&] { return random() % (uint64_t{1} << (random() % 14)); };
      EXPECT_EQ(scan_split(params, size, bytes, next_size), whole) << "seed " << seed;
    }
  }
}

TEST(Chunker, CutsEverySmallerSizeWhereALargerOneCuts) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const ChunkerParams params(random_table(seed), seed % 2 == 0 ? kSmall : kClose);
    const Bytes bytes = mixed_bytes(2 << 20, seed);
    const std::set<size_t> fine = cuts_of(scan_whole(params, ChunkSize::kFine, bytes));
    const std::set<size_t> normal = cuts_of(scan_whole(params, ChunkSize::kNormal, bytes));
    const std::set<size_t> coarse = cuts_of(scan_whole(params, ChunkSize::kCoarse, bytes));
    EXPECT_TRUE(is_subset(coarse, normal)) << "seed " << seed;
    EXPECT_TRUE(is_subset(normal, fine)) << "seed " << seed;
  }
}

TEST(Chunker, KeepsToMinimumAndMaximum) {
  const ChunkerParams params(random_table(2), kSmall);
  for (const Bytes& bytes : {random_bytes(2 << 20, 2), mixed_bytes(2 << 20, 2), Bytes(2 << 20, 0)}) {
    for (ChunkSize size : kAllSizes) {
      const Lengths lengths = scan_whole(params, size, bytes);
      // A larger size's cut may end a chunk early; the coarse ones have none above, and only the end of the stream is early.
      std::set<size_t> early = {bytes.size()};
      const ChunkSize larger = size == ChunkSize::kFine ? ChunkSize::kNormal : ChunkSize::kCoarse;
      if (size != larger) early.merge(cuts_of(scan_whole(params, larger, bytes)));
      size_t offset = 0;
      for (uint32_t length : lengths) {
        offset += length;
        EXPECT_LE(length, params.max_bytes(size));
        if (!early.contains(offset)) { EXPECT_GE(length, params.level(size).min_bytes); }
      }
      EXPECT_EQ(offset, bytes.size());
    }
  }
}

TEST(Chunker, CutsAtTheMaximumWhereNothingElseCuts) {
  std::array<uint64_t, 256> table{};
  table[7] = uint64_t{1} << 63;  // a run of 7 hashes to 2^63, never a candidate
  const ChunkerParams params(table, kSmall);
  for (ChunkSize size : kAllSizes) {
    const Lengths lengths = scan_whole(params, size, Bytes(size_t{3} * params.max_bytes(size), 7));
    EXPECT_EQ(lengths, Lengths(3, params.level(size).max_bytes));
  }
}

TEST(Chunker, ComesCloseToTheAverageOnRandomBytes) {
  const ChunkerParams params(random_table(3), kSmall);
  const Bytes bytes = random_bytes(16 << 20, 3);
  const uint32_t averages[] = {kSmall.fine_bytes, kSmall.normal_bytes, kSmall.coarse_bytes};
  for (ChunkSize size : kAllSizes) {
    const double mean = static_cast<double>(bytes.size()) / static_cast<double>(scan_whole(params, size, bytes).size());
    const double average = averages[static_cast<size_t>(size)];
    // Sizes below another one are cut a little short by it.
    EXPECT_GT(mean, 0.85 * average);
    EXPECT_LT(mean, 1.1 * average);
  }
}

TEST(Chunker, RestartsAtAForcedCut) {
  const ChunkerParams params(random_table(4), kSmall);
  const Bytes bytes = random_bytes(400000, 4);
  const Bytes second(bytes.begin() + 100001, bytes.end());
  for (ChunkSize size : kAllSizes) {
    Chunker chunker(params, size);
    Lengths lengths;
    EXPECT_EQ(chunker.force_cut(), 0u);
    chunker.scan(std::span(bytes).first(100001), lengths);
    const uint32_t pending = 100001 - std::accumulate(lengths.begin(), lengths.end(), uint32_t{0});
    EXPECT_EQ(chunker.pending_bytes(), pending);
    EXPECT_EQ(chunker.force_cut(), pending);
    EXPECT_EQ(chunker.pending_bytes(), 0u);
    EXPECT_EQ(chunker.force_cut(), 0u);
    lengths.clear();
    chunker.scan(second, lengths);
    if (uint32_t last = chunker.force_cut(); last > 0) lengths.push_back(last);
    EXPECT_EQ(lengths, scan_whole(params, size, second));  // nothing of what came before matters
  }
}

TEST(Chunker, FindsItsCutsAgainAfterAnInsertion) {
  const ChunkerParams params(random_table(5), kSmall);
  const Bytes bytes = random_bytes(4 << 20, 5);
  Bytes longer = bytes;
  longer.insert(longer.begin() + 1000000, 37, uint8_t{1});
  for (ChunkSize size : kAllSizes) {
    const std::set<size_t> before = cuts_of(scan_whole(params, size, bytes));
    size_t lost = 0;
    const std::set<size_t> after = cuts_of(scan_whole(params, size, longer));
    for (size_t cut : before) lost += !after.contains(cut < 1000000 ? cut : cut + 37);
    EXPECT_LE(lost, 12u) << "of " << before.size();
  }
}

TEST(Chunker, KeepsLargerCutsInPlaceWhenItsSizeChanges) {
  const ChunkerParams params(random_table(6), kSmall);
  const Bytes bytes = mixed_bytes(2 << 20, 6);
  const std::set<size_t> coarse = cuts_of(scan_whole(params, ChunkSize::kCoarse, bytes));
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    Chunker chunker(params, ChunkSize::kCoarse);
    Lengths lengths;
    std::span<const uint8_t> rest = bytes;
    while (!rest.empty()) {
      const size_t piece = std::min<size_t>(random() % 30000, rest.size());
      chunker.scan(rest.first(piece), lengths);
      rest = rest.subspan(piece);
      chunker.set_size(static_cast<ChunkSize>(random() % 3));
    }
    lengths.push_back(chunker.force_cut());
    EXPECT_TRUE(is_subset(coarse, cuts_of(lengths))) << "seed " << seed;
  }
}

TEST(Chunker, CutsLikeTheNewSizeFromTheNextLargerCutOn) {
  const ChunkerParams params(random_table(7), kSmall);
  const Bytes bytes = random_bytes(1 << 20, 7);
  const std::set<size_t> coarse = cuts_of(scan_whole(params, ChunkSize::kCoarse, bytes));
  for (size_t change : {1000, 70000, 333333}) {
    for (ChunkSize from : kAllSizes) {
      for (ChunkSize to : kAllSizes) {
        Chunker chunker(params, from);
        Lengths lengths;
        chunker.scan(std::span(bytes).first(change), lengths);
        chunker.set_size(to);
        chunker.scan(std::span(bytes).subspan(change), lengths);
        lengths.push_back(chunker.force_cut());
        const std::set<size_t> cuts = cuts_of(lengths), expected = cuts_of(scan_whole(params, to, bytes));
        const size_t aligned = *coarse.lower_bound(change);
        EXPECT_TRUE(std::equal(cuts.lower_bound(aligned), cuts.end(), expected.lower_bound(aligned), expected.end()));
      }
    }
  }
}

TEST(Chunker, EndsAChunkThatIsTooLongForANewSmallerSize) {
  const ChunkerParams params(random_table(8), kSmall);
  const Bytes bytes = random_bytes(params.level(ChunkSize::kCoarse).min_bytes - 100, 8);  // nothing coarse can cut here
  Chunker chunker(params, ChunkSize::kCoarse);
  Lengths lengths;
  chunker.scan(bytes, lengths);
  ASSERT_TRUE(lengths.empty());
  chunker.set_size(ChunkSize::kFine);
  chunker.scan(random_bytes(64, 9), lengths);
  ASSERT_EQ(lengths.size(), 1u);
  EXPECT_GT(lengths[0], params.max_bytes(ChunkSize::kFine));
}

TEST(ChunkerSizes, MustBeNestedPowersOfTwoInRange) {
  EXPECT_TRUE(ChunkerSizes{}.valid());
  EXPECT_TRUE((ChunkerSizes{1 << 10, 1 << 11, 4 << 20}.valid()));
  EXPECT_FALSE((ChunkerSizes{1 << 9, 1 << 11, 1 << 20}.valid()));
  EXPECT_FALSE((ChunkerSizes{1 << 10, 1 << 10, 1 << 20}.valid()));
  EXPECT_FALSE((ChunkerSizes{1 << 12, 1 << 11, 1 << 20}.valid()));
  EXPECT_FALSE((ChunkerSizes{1 << 10, 3000, 1 << 20}.valid()));
  EXPECT_FALSE((ChunkerSizes{1 << 10, 1 << 11, 8 << 20}.valid()));
}

}  // namespace
}  // namespace cairn
