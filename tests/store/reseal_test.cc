#include "store/prune/reseal.h"

#include <unordered_set>

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

using Ids = std::unordered_set<ChunkId, IdHash>;

// Packs made by hand, and what becomes of them in a set of new ones.
class ResealTest : public StoreTest {
 protected:
  struct Made {
    FrameInfo info;
    std::vector<Bytes> chunks;
  };
  // Compressed unless it is noise.
  Made frame(const std::vector<Bytes>& chunks) {
    Made made{{}, chunks};
    made.info.codec = Codec::kZstd;
    return made;
  }
  Made delta(const Bytes& chunk, const Bytes& base) {
    Made made{{}, {chunk}};
    made.info.codec = Codec::kZstdDelta;
    made.info.bases = {id_of(base)};
    bases_.insert(bases_.end(), base.begin(), base.end());
    return made;
  }
  // `lies`: the id that the first chunk of the last frame claims.
  PackInfo put_pack(std::vector<Made> frames, std::optional<ChunkId> lie = {}, ObjectType type = ObjectType::kDataPack) {
    PackWriter writer(memory, repository_.keys(), type, repository_.config().suite);
    for (size_t i = 0; i < frames.size(); ++i) {
      Encoder plain;
      std::vector<ChunkInfo> infos;
      for (const Bytes& chunk : frames[i].chunks) {
        plain.raw(chunk);
        infos.push_back({id_of(chunk), static_cast<uint32_t>(chunk.size())});
      }
      if (lie && i + 1 == frames.size()) infos[0].id = *lie;
      Buffer packed;
      FrameInfo info = frames[i].info;
      info.plain_bytes = static_cast<uint32_t>(plain.size());
      Compressor compressor(3);
      bool smaller = info.codec == Codec::kZstdDelta ? compressor.compress_delta(plain.out(), bases_, packed)
                                                     : compressor.compress(plain.out(), packed);
      if (!smaller) info.codec = Codec::kRaw;
      info.number = writer.reserve();
      writer.append(info, writer.seal_frame(info, smaller ? packed.view() : ByteView(plain.out())), std::move(infos));
    }
    return writer.finish();
  }

  ResealReport reseal(const PackInfo& pack, const Resealer::Keep& keep, bool recompress = false, FramePolicy policy = {3, 1 << 20}) {
    PackSet packs(memory, repository_.keys(), pack.type, repository_.config().suite, [this](PackInfo made) { new_.push_back(std::move(made)); });
    FrameBuilder builder(packs, policy);
    ChunkReader reader(memory, repository_.keys(), repository_.index(), 1 << 20);
    Resealer resealer(memory, repository_.keys(), reader, builder, recompress);
    ResealReport report = resealer.reseal(pack, keep);
    builder.flush();
    packs.finish();
    return report;
  }
  // What the new packs hold, by another way than the code under test: a check of everything, and reads by a fresh index.
  void expect_new(const std::vector<Bytes>& chunks) {
    Ids ids;
    for (const PackInfo& pack : new_) {
      for (const FrameInfo& made : pack.frames) EXPECT_TRUE(made.bases.empty() && made.codec != Codec::kZstdDelta);
      for (const ChunkInfo& chunk : pack.chunks) EXPECT_TRUE(ids.insert(chunk.id).second);
    }
    EXPECT_EQ(ids.size(), chunks.size());
    for (const Bytes& chunk : chunks) EXPECT_TRUE(ids.contains(id_of(chunk)));
  }
  void remove(const PackInfo& pack) { memory.remove(pack_name(pack.id)); }
  // After the old packs are gone.
  void expect_readable(const std::vector<Bytes>& chunks) {
    Repository again = open(memory, "another cache");
    ChunkReader reader(memory, again.keys(), again.index(), 1 << 20);
    for (const Bytes& chunk : chunks) EXPECT_TRUE(std::ranges::equal(reader.chunk(id_of(chunk)), chunk));
    CheckReport report = check_all(again);
    EXPECT_TRUE(report.damage.empty()) << describe(report);
  }
  ChunkId id_of(const Bytes& chunk) { return repository_.keys().chunk_id(chunk); }
  Resealer::Keep all() {
    return [](const ChunkId&) { return true; };
  }
  Resealer::Keep all_but(const Bytes& chunk) {
    return [id = id_of(chunk)](const ChunkId& asked) { return asked != id; };
  }

  Repository repository_ = open();
  Bytes bases_;
  std::vector<PackInfo> new_;
  const Bytes prose_a_ = prose(5000, 1), prose_b_ = prose(9000, 2), noise_a_ = noise(4000, 3), noise_b_ = noise(3000, 4);
};

TEST_F(ResealTest, WholeFramesKeepTheirForm) {
  PackInfo pack = put_pack({frame({prose_a_, prose_b_}), frame({noise_a_, noise_b_})});
  // A level that would give other bytes, had they been compressed anew.
  ResealReport report = reseal(pack, all(), false, {0, 1 << 20});
  EXPECT_EQ(report.chunks, 4u);
  EXPECT_EQ(report.plain_bytes, 21000u);
  EXPECT_TRUE(report.damage.empty());
  expect_new({prose_a_, prose_b_, noise_a_, noise_b_});
  size_t frames = 0;
  for (const PackInfo& made : new_)
    for (const FrameInfo& one : made.frames) {
      EXPECT_EQ(one.stored_bytes, pack.frames[one.codec == Codec::kZstd ? 0 : 1].stored_bytes);
      ++frames;
    }
  EXPECT_EQ(frames, 2u);
  remove(pack);
  expect_readable({prose_a_, prose_b_, noise_a_, noise_b_});
}

TEST_F(ResealTest, DropsWhatIsNotWanted) {
  PackInfo pack = put_pack({frame({prose_a_, prose_b_, noise_a_}), frame({noise_b_})});
  ResealReport report = reseal(pack, all_but(prose_b_));
  EXPECT_EQ(report.chunks, 3u);
  expect_new({prose_a_, noise_a_, noise_b_});
  remove(pack);
  expect_readable({prose_a_, noise_a_, noise_b_});
}

// Chunks of two sources would tell of each other by how well they compress together.
TEST_F(ResealTest, ChunksOfTwoDataFramesStayApart) {
  PackInfo pack = put_pack({frame({prose_a_, noise_a_}), frame({prose_b_, noise_b_})});
  auto wanted = [&](const ChunkId& id) { return id == id_of(prose_a_) || id == id_of(prose_b_); };
  reseal(pack, wanted);
  expect_new({prose_a_, prose_b_});
  size_t frames = 0;
  for (const PackInfo& made : new_) frames += made.frames.size();
  EXPECT_EQ(frames, 2u);
}

TEST_F(ResealTest, TreeFramesAreGathered) {
  PackInfo pack = put_pack({frame({prose_a_, noise_a_}), frame({prose_b_, noise_b_})}, {}, ObjectType::kTreePack);
  auto wanted = [&](const ChunkId& id) { return id == id_of(prose_a_) || id == id_of(prose_b_); };
  reseal(pack, wanted);
  ASSERT_EQ(new_.size(), 1u);
  EXPECT_EQ(new_[0].frames.size(), 1u);
  EXPECT_EQ(new_[0].type, ObjectType::kTreePack);
}

TEST_F(ResealTest, FramesWithoutAnythingWantedAreNotRead) {
  PackInfo pack = put_pack({frame({prose_a_}), frame({noise_a_})});
  Bytes file = memory.snapshot().at(pack_name(pack.id));
  file[pack.frames[0].offset] ^= 1;
  memory.replace(pack_name(pack.id), file);
  EXPECT_TRUE(reseal(pack, all_but(prose_a_)).damage.empty());
  expect_new({noise_a_});
}

TEST_F(ResealTest, DeltasComeOutPlain) {
  Bytes changed = noise_a_;
  changed[100] ^= 1;
  put_pack({frame({noise_a_})});
  PackInfo pack = put_pack({delta(changed, noise_a_)});
  ASSERT_EQ(pack.frames[0].codec, Codec::kZstdDelta);
  repository_.fresh_index();
  EXPECT_EQ(reseal(pack, all()).chunks, 1u);
  expect_new({changed});
  remove(pack);
  expect_readable({changed});
}

TEST_F(ResealTest, ADeltaWithoutItsBaseIsTold) {
  Bytes changed = noise_a_;
  changed[100] ^= 1;
  PackInfo pack = put_pack({delta(changed, noise_a_), frame({prose_a_})});
  ResealReport report = reseal(pack, all());
  ASSERT_EQ(report.damage.size(), 1u);
  EXPECT_EQ(report.damage[0].id, id_of(changed));
  expect_new({prose_a_});
}

TEST_F(ResealTest, AFlippedBitIsToldAndNeverSealedAnew) {
  PackInfo pack = put_pack({frame({prose_a_, noise_a_}), frame({prose_b_})});
  const Bytes file = memory.snapshot().at(pack_name(pack.id));
  for (uint64_t at = 0; at < pack.frames[0].stored_bytes; at += 397) {
    Bytes bad = file;
    bad[pack.frames[0].offset + at] ^= 0x20;
    memory.replace(pack_name(pack.id), bad);
    new_.clear();
    ResealReport report = reseal(pack, all());
    ASSERT_EQ(report.damage.size(), 2u) << at;
    EXPECT_EQ(report.damage[1].id, id_of(noise_a_));
    EXPECT_NE(report.damage[1].what.find(pack_name(pack.id)), std::string::npos);
    expect_new({prose_b_});
  }
}

// Sealed rightly, by somebody whose memory or program was faulty: only the id tells.
TEST_F(ResealTest, AChunkThatIsNotWhatItsIdSaysIsToldAndTheOthersOfItsFrameGoOn) {
  for (bool recompress : {false, true}) {
    new_.clear();
    PackInfo pack = put_pack({frame({prose_b_, noise_a_})}, ChunkId{{7}});
    ResealReport report = reseal(pack, all(), recompress);
    ASSERT_EQ(report.damage.size(), 1u);
    EXPECT_EQ(report.damage[0].id, ChunkId{{7}});
    EXPECT_EQ(report.chunks, 1u);
    expect_new({noise_a_});
  }
}

TEST_F(ResealTest, AVanishedPackAndACutOneAreTold) {
  PackInfo pack = put_pack({frame({prose_a_}), frame({noise_a_})});
  Bytes file = memory.snapshot().at(pack_name(pack.id));
  file.resize(pack.frames[1].offset + 5);
  memory.replace(pack_name(pack.id), file);
  EXPECT_EQ(reseal(pack, all()).damage.size(), 1u);
  expect_new({prose_a_});
  remove(pack);
  EXPECT_EQ(reseal(pack, all()).damage.size(), 2u);
}

TEST_F(ResealTest, AnotherLevelGivesOtherFrames) {
  const Bytes text = prose(400 << 10, 9);
  PackInfo pack = put_pack({frame({text})});
  reseal(pack, all(), true, {19, 1 << 20});
  ASSERT_EQ(new_.size(), 1u);
  EXPECT_LT(new_[0].frames[0].stored_bytes, pack.frames[0].stored_bytes);
  PackInfo smaller = std::exchange(new_, {})[0];
  reseal(smaller, all(), true, {0, 1 << 20});
  ASSERT_EQ(new_.size(), 1u);
  EXPECT_EQ(new_[0].frames[0].codec, Codec::kRaw);
  EXPECT_EQ(new_[0].frames[0].plain_bytes, text.size());
}

TEST_F(ResealTest, ATableThatDoesNotFitItselfIsRefused) {
  PackInfo pack = put_pack({frame({prose_a_})});
  pack.frames[0].chunk_count = 2;
  EXPECT_EQ(code_of([&] { reseal(pack, all()); }), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
