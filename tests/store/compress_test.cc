#include "store/compress.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

TEST(Compress, RoundTripsAtEveryLevelAndSaysWhatDoesNotPay) {
  Decompressor decompressor;
  for (int level : {1, 3, 9})
    for (const Bytes& plain : {prose(1, 1), prose(100, 2), prose(300000, 3), Bytes(100000, 0), noise(50000, 4)}) {
      Compressor compressor(level);
      Buffer packed;
      bool pays = compressor.compress(plain, packed);
      EXPECT_EQ(pays, packed.size() < plain.size() - plain.size() / 32);
      Buffer again = decompressor.decompress(packed, plain.size(), "x");
      EXPECT_TRUE(std::ranges::equal(again.view(), plain));
    }
  Buffer packed;
  EXPECT_FALSE(Compressor(3).compress(noise(50000, 4), packed));
  EXPECT_TRUE(Compressor(3).compress(prose(50000, 4), packed));
  EXPECT_FALSE(Compressor(3).compress({}, packed));
}

TEST(Compress, ADeltaNeedsItsPrefixAndIsSmall) {
  Bytes old = noise(100000, 1), changed = old;
  changed[5000] ^= 1;
  Compressor compressor(3);
  Buffer packed;
  EXPECT_TRUE(compressor.compress_delta(changed, old, packed));
  EXPECT_LT(packed.size(), 1000u);
  Decompressor decompressor;
  EXPECT_TRUE(std::ranges::equal(decompressor.decompress_delta(packed, old, changed.size(), "x").view(), changed));
  // Without it, or with another one: an error or other bytes, which the chunk's id then shows.
  EXPECT_EQ(code_of([&] { decompressor.decompress(packed, changed.size(), "x"); }), ErrorCode::kCorrupt);
  // A prefix is for one frame only.
  Bytes plain = prose(5000, 2);
  Buffer next;
  compressor.compress(plain, next);
  EXPECT_TRUE(std::ranges::equal(Decompressor().decompress(next, plain.size(), "x").view(), plain));
}

TEST(Compress, AFailedDeltaLeavesNoPrefixBehind) {
  Bytes old = prose(9000, 1), plain = prose(5000, 2);
  Decompressor decompressor;
  EXPECT_EQ(code_of([&] { decompressor.decompress_delta(noise(50, 1), old, 100, "x"); }), ErrorCode::kCorrupt);
  Buffer packed;
  Compressor(3).compress(plain, packed);
  EXPECT_TRUE(std::ranges::equal(decompressor.decompress(packed, plain.size(), "x").view(), plain));
}

TEST(Compress, AnotherLengthIsCorrupt) {
  Bytes plain = prose(5000, 1);
  Buffer packed;
  Compressor(3).compress(plain, packed);
  for (size_t wrong : {size_t{0}, size_t{1}, plain.size() - 1, plain.size() + 1, size_t{1} << 20})
    EXPECT_EQ(code_of([&] { Decompressor().decompress(packed, wrong, "x"); }), ErrorCode::kCorrupt) << wrong;
}

TEST(Compress, GarbageIsCorrupt) {
  Bytes plain = prose(5000, 1);
  Buffer packed;
  Compressor(3).compress(plain, packed);
  Decompressor decompressor;
  for (size_t size = 0; size < packed.size(); size += 7)
    EXPECT_EQ(code_of([&] { decompressor.decompress(packed.view().first(size), plain.size(), "x"); }), ErrorCode::kCorrupt);
  for (uint64_t seed = 0; seed < 300; ++seed)
    EXPECT_EQ(code_of([&] { decompressor.decompress(noise(1 + seed, seed), 1000, "x"); }), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
