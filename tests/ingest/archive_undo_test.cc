#include "ingest/postgres/archive/undo.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace cairn {
namespace {

std::string rows(size_t bytes) {
  std::mt19937_64 random(7);
  std::string out;
  while (out.size() < bytes) out += std::to_string(random() % 100'000) + "\tsome text\t" + std::to_string(random()) + "\n";
  out.resize(bytes);
  return out;
}

std::string packed_with(const Packing& packing, const std::string& plain) {
  SteadyPacker packer(packing);
  Bytes out;
  packer.add(view(plain), out);
  packer.finish(out);
  return std::string(text(out));
}

struct Undone {
  std::string plain, unmatched, problem;
  Packing packing;
  uint64_t matched = 0;
};

Undone undo(PackCodec codec, const std::string& packed, UndoHints& hints, size_t piece = 4096) {
  Undone out;
  Undo undo(codec, hints, [&](ByteView b) { out.plain += text(b); }, [&](ByteView b) { out.unmatched += text(b); });
  for (size_t at = 0; at < packed.size(); at += piece) undo.add(view(std::string_view(packed).substr(at, piece)));
  out.problem = undo.finish();
  out.packing = undo.packing();
  out.matched = undo.matched_bytes();
  // Whatever happened, the stream can be had again.
  std::string made = out.matched > 0 ? packed_with(out.packing, out.plain) : "";
  EXPECT_GE(made.size(), out.matched);
  EXPECT_TRUE(made.substr(0, out.matched) + out.unmatched == packed);
  return out;
}
Undone undo(PackCodec codec, const std::string& packed) {
  UndoHints hints;
  return undo(codec, packed, hints);
}

TEST(Undo, FindsHowZlibPackedIt) {
  for (const size_t size : {0UL, 5UL, 65'536UL, 600'000UL}) {
    const std::string plain = rows(size);
    for (const PackCodec codec : {PackCodec::kZlib, PackCodec::kGzip}) {
      for (int level = 1; level <= 9; ++level) {
        SCOPED_TRACE(std::to_string(size) + " bytes, level " + std::to_string(level));
        const Undone out = undo(codec, packed_with({codec, level, 8}, plain));
        EXPECT_TRUE(out.plain == plain);
        EXPECT_EQ(out.unmatched, "");
        EXPECT_EQ(out.problem, "");
        // On such rows 8 and 9 do the same.
        EXPECT_TRUE(size < 100'000 || out.packing == (Packing{codec, level, 8}) || (level == 8 && out.packing.level == 9));
      }
    }
  }
}

TEST(Undo, FindsOtherCompressors) {
  const std::string plain = rows(2'000'000);
  for (const Packing& packing : std::vector<Packing>{
           {PackCodec::kZlib, 6, 9}, {PackCodec::kLz4, 0, 0}, {PackCodec::kLz4, 9, 0}, {PackCodec::kZstd, 3, 0}, {PackCodec::kZstd, 7, 0}}) {
    for (const size_t size : {0UL, 10UL, 70'000UL, plain.size()}) {
      const Undone out = undo(packing.codec, packed_with(packing, plain.substr(0, size)));
      EXPECT_TRUE(out.plain == plain.substr(0, size));
      EXPECT_EQ(out.unmatched, "");
      EXPECT_EQ(out.problem, "");
    }
  }
}

// A row of zeros packs to next to nothing: much plain text comes before anything can be compared.
TEST(Undo, CopesWithWhatPacksWell) {
  const std::string plain(20'000'000, '0');
  for (const Packing& packing : {Packing{PackCodec::kZlib, 6, 8}, Packing{PackCodec::kLz4, 0, 0}, Packing{PackCodec::kZstd, 3, 0}}) {
    const Undone out = undo(packing.codec, packed_with(packing, plain));
    EXPECT_TRUE(out.plain == plain);
    EXPECT_EQ(out.unmatched, "");
  }
}

TEST(Undo, KeepsWhatDiffersFromSomewhereOn) {
  std::string packed = packed_with({PackCodec::kZlib, 6, 8}, rows(6'000'000));
  const size_t middle = packed.size() / 2;
  packed[middle] = static_cast<char>(packed[middle] ^ 1);
  const Undone out = undo(PackCodec::kZlib, packed);
  EXPECT_GT(out.matched, middle / 2);
  EXPECT_LE(out.matched, middle);
  EXPECT_FALSE(out.unmatched.empty());
  EXPECT_EQ(out.problem, "is damaged");
}

TEST(Undo, KeepsWhatNothingPacksAgain) {
  const std::string plain = rows(1'000'000);
  std::string packed = packed_with({PackCodec::kGzip, 6, 8}, plain);
  packed[9] = 11;   // made on another system
  const Undone out = undo(PackCodec::kGzip, packed);
  EXPECT_TRUE(out.plain == plain);
  EXPECT_EQ(out.matched, 0U);
  EXPECT_TRUE(out.unmatched == packed);
  EXPECT_EQ(out.problem, "");
}

TEST(Undo, TellsWhatIsWrong) {
  const std::string packed = packed_with({PackCodec::kZlib, 6, 8}, rows(300'000));
  EXPECT_EQ(undo(PackCodec::kZlib, packed.substr(0, 50'000)).problem, "breaks off");
  EXPECT_EQ(undo(PackCodec::kZlib, packed.substr(0, packed.size() - 1)).problem, "breaks off");
  const Undone more = undo(PackCodec::kZlib, packed + "more");
  EXPECT_EQ(more.problem, "has bytes behind its end");
  EXPECT_EQ(more.unmatched, "more");
  EXPECT_EQ(undo(PackCodec::kZlib, packed + std::string(100'000, 'x')).matched, packed.size());
  for (const PackCodec codec : {PackCodec::kZlib, PackCodec::kGzip, PackCodec::kLz4, PackCodec::kZstd}) {
    const Undone out = undo(codec, "nothing of the kind, whatever it is");
    EXPECT_EQ(out.problem, "is damaged");
    EXPECT_EQ(out.plain, "");
  }
  EXPECT_EQ(undo(PackCodec::kZlib, "").problem, "");
}

TEST(Undo, RemembersWhatWorked) {
  UndoHints hints;
  const Packing packing{PackCodec::kZlib, 4, 9};
  undo(PackCodec::kZlib, packed_with(packing, rows(500'000)), hints);
  EXPECT_EQ(hints.last, packing);
  EXPECT_EQ(undo(PackCodec::kZlib, packed_with(packing, rows(10)), hints).packing, packing);
}

}  // namespace
}  // namespace cairn
