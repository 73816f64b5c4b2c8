#include "store/prune/compaction.h"

#include "store/pack/directory.h"
#include "tests/store/prune_fixture.h"

namespace cairn {
namespace {

// A pack of which little is needed.
class CompactionTest : public PruneTest {
 protected:
  void SetUp() override {
    Repository repository = open();
    Files much = sample_files(1);
    much["zz/more"] = noise(300 << 10, 77);
    little_ = {{"a/long", much["a/long"]}};
    const Manifest old = back_up(repository, much, 1);
    kept_ = back_up(repository, little_, 2);
    forget(old.id);
  }
  // Calls `meanwhile` when everything needed has been moved and nothing is deleted yet.
  PruneReport prune_and(const std::function<void()>& meanwhile) {
    Repository repository = open(memory, "slow");
    PruneProgress progress;
    int looks = 0;
    progress.phase = [&](std::string_view name) {
      if (name.starts_with("looking") && ++looks == 2) meanwhile();
    };
    return prune(repository, {}, progress);
  }
  Files little_;
  Manifest kept_;
};

TEST_F(CompactionTest, MovesWhatIsNeededOutOfPacksThatAreMostlyDead) {
  const PruneReport report = prune_all();
  EXPECT_GT(report.moved_packs, 0u);
  EXPECT_LT(report.written_bytes, 150u << 10);
  uint64_t bytes = 0;
  for (const StoredFile& file : memory.list("packs/")) bytes += file.size_bytes;
  EXPECT_LT(bytes, 150u << 10);
  EXPECT_EQ(restored(kept_), little_);
  expect_sound();
}

// Two thirds of each frame are forgotten: what is left of a stream's is compressed at a stream's level, of a file's at a file's.
TEST_F(CompactionTest, WhatIsLeftOfAFrameIsCompressedAtItsLevel) {
  const size_t sizes[] = {kStreamPolicy.frame_bytes, kFilePolicy.frame_bytes};
  const int levels[] = {kStreamPolicy.level, kFilePolicy.level};
  for (size_t i = 0; i < 2; ++i) {
    MemoryBackend storage;
    Repository::init(storage, kTestPassword, cheap_options(best_suite()));
    Repository repository = open(storage, "level" + std::to_string(i));
    const Bytes all = prose(sizes[i], 5 + i);
    const Bytes rest(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(sizes[i] / 3 / kTestChunkBytes * kTestChunkBytes));
    const Manifest old = TestBackup(repository, {1, sizes[i]}).commit({{"file", all}}, 1);
    TestBackup(repository, {1, sizes[i]}).commit({{"file", rest}}, 2);
    forget_snapshots(repository, {&old.id, 1});
    Repository pruning = open(storage, "pruning" + std::to_string(i));
    PruneProgress progress;
    EXPECT_GT(prune(pruning, {}, progress).moved_packs, 0u);
    Buffer expected, other;
    ASSERT_TRUE(Compressor(levels[i]).compress(rest, expected));
    ASSERT_TRUE(Compressor(levels[1 - i]).compress(rest, other));
    ASSERT_NE(expected.size(), other.size());
    size_t found = 0;
    for (const StoredFile& file : storage.list("packs/")) {
      const PackInfo pack = read_directory(storage, repository.keys(), *id_in_name<PackId>(file.name), file.size_bytes);
      if (pack.type != ObjectType::kDataPack) continue;
      for (const FrameInfo& frame : pack.frames) {
        ++found;
        EXPECT_EQ(frame.plain_bytes, rest.size());
        EXPECT_EQ(frame.stored_bytes, expected.size() + kTagBytes);
      }
    }
    EXPECT_EQ(found, 1u);
  }
}

// After the moving only what was moved is looked up, unless there is another snapshot, or something that was moved isn't there.
TEST_F(CompactionTest, ASnapshotThatComesMeanwhileIsLookedAt) {
  Manifest newest;
  const PruneReport report = prune_and([&] {
    Repository another = open(memory, "another");
    newest = back_up(another, sample_files(400), 4);
  });
  EXPECT_GT(report.moved_packs, 0u);
  EXPECT_EQ(report.snapshots, 2u);
  EXPECT_EQ(restored(kept_), little_);
  EXPECT_EQ(restored(newest), sample_files(400));
  expect_sound();
}

TEST_F(CompactionTest, WhatWasMovedAndIsGoneStaysWhereItWas) {
  const std::vector<std::string> before = names("packs/");
  size_t gone = 0;
  const PruneReport report = prune_and([&] {
    for (const std::string& name : names("packs/"))
      if (std::ranges::find(before, name) == before.end()) gone += memory.remove(name);
  });
  EXPECT_GT(report.moved_packs, 0u);
  EXPECT_GT(gone, 0u);
  EXPECT_EQ(restored(kept_), little_);
  expect_sound();
}

TEST_F(CompactionTest, ADamagedChunkIsToldAndNeverSealedAnew) {
  for (const auto& [name, bytes] : memory.snapshot()) {   // a byte in the middle of the frames of every data pack
    if (!name.starts_with("packs/") || bytes[10] != static_cast<uint8_t>(ObjectType::kDataPack)) continue;
    Bytes damaged = bytes;
    for (size_t at = 200; at + 4096 < damaged.size(); at += 8192) damaged[at] ^= 1;
    memory.replace(name, damaged);
  }
  PruneReport report = prune_all();
  EXPECT_FALSE(report.damaged.empty());
  Repository checker = open(memory, "checker");
  EXPECT_NE(describe(check_all(checker)).find("a/long"), std::string::npos);   // still told
}

}  // namespace
}  // namespace cairn
