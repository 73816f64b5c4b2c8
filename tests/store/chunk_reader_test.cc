#include "store/read/chunk_reader.h"

#include <fstream>

#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

// Packs made by hand, frame by frame, beside whatever a session wrote.
class ChunkReaderTest : public StoreTest {
 protected:
  // A pack of one frame that holds `chunks`; `lies` are the ids it claims for them.
  PackInfo put_frame(Repository& repository, const std::vector<Bytes>& chunks, std::vector<ChunkId> lies = {}) {
    Encoder plain;
    for (const Bytes& chunk : chunks) plain.raw(chunk);
    FrameInfo frame;
    frame.plain_bytes = static_cast<uint32_t>(plain.size());
    return put_packed(repository, frame, plain.out(), chunks, std::move(lies));
  }
  // A frame compressed against the bytes of `bases`.
  PackInfo put_delta(Repository& repository, const Bytes& chunk, const std::vector<Bytes>& bases) {
    Encoder prefix;
    FrameInfo frame;
    frame.codec = Codec::kZstdDelta;
    frame.plain_bytes = static_cast<uint32_t>(chunk.size());
    for (const Bytes& base : bases) {
      prefix.raw(base);
      frame.bases.push_back(repository.keys().chunk_id(base));
    }
    Buffer packed;
    Compressor(3).compress_delta(chunk, prefix.out(), packed);
    return put_packed(repository, frame, packed, {chunk}, {});
  }
  PackInfo put_packed(Repository& repository, FrameInfo frame, ByteView packed, const std::vector<Bytes>& chunks,
                      std::vector<ChunkId> ids) {
    PackWriter writer(memory, repository.keys(), ObjectType::kDataPack, repository.config().suite);
    frame.number = writer.reserve();
    std::vector<ChunkInfo> infos;
    for (const Bytes& chunk : chunks) {
      ChunkId id = infos.size() < ids.size() ? ids[infos.size()] : repository.keys().chunk_id(chunk);
      infos.push_back({id, static_cast<uint32_t>(chunk.size())});
    }
    writer.append(frame, writer.seal_frame(frame, packed), infos);
    return writer.finish();
  }
  ChunkReader reader(Repository& repository, size_t cache_bytes = 1 << 20) {
    return ChunkReader(memory, repository.keys(), repository.index(), cache_bytes);
  }
  static Bytes copy(ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); }
};

TEST_F(ChunkReaderTest, GivesEachChunkOfAFrame) {
  Repository repository = open();
  std::vector<Bytes> chunks = {noise(100, 1), {}, noise(5000, 2), noise(1, 3)};
  put_frame(repository, chunks);
  ChunkReader chunk_reader = reader(repository);
  for (const Bytes& chunk : chunks) EXPECT_EQ(copy(chunk_reader.chunk(repository.keys().chunk_id(chunk))), chunk);
  EXPECT_EQ(code_of([&] { chunk_reader.chunk(ChunkId{{1}}); }), ErrorCode::kNotFound);
}

// Whoever has the public key can make a pack that opens: only the id proves the bytes.
TEST_F(ChunkReaderTest, NeverGivesBytesThatDoNotHaveTheirId) {
  Repository repository = open();
  Bytes right = noise(300, 1), wrong = noise(300, 2);
  ChunkId id = repository.keys().chunk_id(right);
  put_frame(repository, {wrong}, {id});
  EXPECT_EQ(code_of([&] { reader(repository).chunk(id); }), ErrorCode::kCorrupt);
  CheckReport report = check_all(repository);
  ASSERT_EQ(report.damage.size(), 1u) << describe(report);
  EXPECT_NE(report.damage[0].what.find(id.hex()), std::string::npos);
}

TEST_F(ChunkReaderTest, RefusesLocationsThatPointElsewhere) {
  Repository repository = open();
  std::vector<Bytes> chunks = {noise(100, 1), noise(100, 2)};
  put_frame(repository, chunks);
  ChunkId first = repository.keys().chunk_id(chunks[0]);
  Location at = *repository.index().find(first);
  ChunkReader chunk_reader = reader(repository);
  EXPECT_EQ(copy(chunk_reader.chunk(first, at)), chunks[0]);
  // The right place is looked up again, so a stale one does no harm …
  EXPECT_EQ(copy(chunk_reader.chunk(first, {at.pack, at.frame, 100, 100})), chunks[0]);
  EXPECT_EQ(copy(chunk_reader.chunk(first, {at.pack, at.frame, 150, 100})), chunks[0]);
  EXPECT_EQ(copy(chunk_reader.chunk(first, {at.pack, 7, 0, 100})), chunks[0]);
  EXPECT_EQ(copy(chunk_reader.chunk(first, {99, 0, 0, 100})), chunks[0]);
  // … and for a chunk that isn't anywhere it is an error.
  EXPECT_EQ(code_of([&] { chunk_reader.chunk(ChunkId{{1}}, at); }), ErrorCode::kCorrupt);
}

TEST_F(ChunkReaderTest, FollowsDeltaFramesThroughEightLevelsAndNoFurther) {
  Repository repository = open();
  std::vector<Bytes> versions = {prose(20000, 1)};
  put_frame(repository, {versions[0]});
  for (uint64_t i = 1; i <= kMostDeltaDepth + 1; ++i) {
    versions.push_back(versions.back());
    for (uint8_t& byte : std::span(versions.back()).subspan(i * 1000, 50)) byte ^= 0x55;
    put_delta(repository, versions[i], {versions[i - 1]});
  }
  for (size_t cache_bytes : {size_t{0}, size_t{1} << 20}) {
    ChunkReader chunk_reader = reader(repository, cache_bytes);
    EXPECT_EQ(code_of([&] { chunk_reader.chunk(repository.keys().chunk_id(versions[kMostDeltaDepth + 1])); }), ErrorCode::kCorrupt);
    for (size_t i = versions.size() - 1; i-- > 0;)
      EXPECT_EQ(copy(chunk_reader.chunk(repository.keys().chunk_id(versions[i]))), versions[i]) << i;
  }
}

TEST_F(ChunkReaderTest, TakesSeveralBasesInTheirOrder) {
  Repository repository = open();
  Bytes a = noise(4000, 1), b = noise(4000, 2), both = b;
  both.insert(both.end(), a.begin(), a.end());
  put_frame(repository, {a, b});
  PackInfo delta = put_delta(repository, both, {a, b});
  EXPECT_LT(delta.frames[0].stored_bytes, 500u);
  ChunkReader chunk_reader = reader(repository, 0);
  EXPECT_EQ(copy(chunk_reader.chunk(repository.keys().chunk_id(both))), both);
  CheckReport report = check_all(repository);
  EXPECT_TRUE(report.damage.empty()) << describe(report);
}

TEST_F(ChunkReaderTest, ABaseThatIsMissingOrWrongIsAnErrorEveryTimeAndHurtsNoOtherRead) {
  Repository repository = open();
  Bytes base = prose(9000, 1), derived = prose(9000, 1), plain = noise(50, 9), good_base = prose(8000, 5), good = prose(8000, 5);
  derived[5] ^= 1;
  good[7] ^= 1;
  ChunkId base_id = repository.keys().chunk_id(base);
  put_frame(repository, {noise(9000, 3)}, {base_id});   // claims to be the base
  put_delta(repository, derived, {base});
  put_frame(repository, {plain, good_base});
  put_delta(repository, good, {good_base});
  ChunkReader chunk_reader = reader(repository, 0);
  for (int i = 0; i < 3 * kMostDeltaDepth; ++i)
    EXPECT_EQ(code_of([&] { chunk_reader.chunk(repository.keys().chunk_id(derived)); }), ErrorCode::kCorrupt);
  EXPECT_EQ(copy(chunk_reader.chunk(repository.keys().chunk_id(plain))), plain);
  EXPECT_EQ(copy(chunk_reader.chunk(repository.keys().chunk_id(good))), good);
}

TEST_F(ChunkReaderTest, AFrameThatRestsOnItselfIsRefused) {
  Repository repository = open();
  Bytes chunk = prose(9000, 1);
  put_delta(repository, chunk, {chunk});
  EXPECT_EQ(code_of([&] { reader(repository).chunk(repository.keys().chunk_id(chunk)); }), ErrorCode::kCorrupt);
}

TEST_F(ChunkReaderTest, ReadsAFrameOnceWhileItIsCachedAndAgainWhenItIsNot) {
  Repository repository = open();
  std::vector<Bytes> chunks;
  for (uint64_t i = 0; i < 4; ++i) {
    chunks.push_back(noise(10000, i));
    put_frame(repository, {chunks.back()});
  }
  FaultBackend counting(memory);
  auto reads = [&](size_t cache_bytes, int rounds) {
    counting.clear();
    ChunkReader chunk_reader(counting, repository.keys(), repository.index(), cache_bytes);
    for (int i = 0; i < rounds; ++i)
      for (const Bytes& chunk : chunks) EXPECT_EQ(copy(chunk_reader.chunk(repository.keys().chunk_id(chunk))), chunk);
    return counting.count_of(Operation::kRead);
  };
  EXPECT_EQ(reads(50000, 3), 4u);
  EXPECT_EQ(reads(20000, 3), 12u);
  EXPECT_EQ(reads(0, 2), 8u);
}

TEST_F(ChunkReaderTest, OpensMoreThanSixtyFourPacks) {
  Repository repository = open();
  std::vector<Bytes> chunks;
  for (uint64_t i = 0; i < 70; ++i) {
    chunks.push_back(noise(50, i));
    put_frame(repository, {chunks.back()});
  }
  ChunkReader chunk_reader = reader(repository, 0);
  for (int round = 0; round < 2; ++round)
    for (const Bytes& chunk : chunks) EXPECT_EQ(copy(chunk_reader.chunk(repository.keys().chunk_id(chunk))), chunk);
}

// The database is damaged while a restore runs: it is built anew with other pack numbers, and the restore goes on.
TEST_F(ChunkReaderTest, SurvivesAnIndexThatIsBuiltAnew) {
  Repository repository = open();
  std::vector<Bytes> chunks;
  for (uint64_t i = 0; i < 20; ++i) {
    chunks.push_back(noise(500, i));
    put_frame(repository, {chunks.back()});
  }
  Index& index = repository.writable_index();
  ChunkReader chunk_reader = reader(repository);
  std::vector<Location> old;
  for (const Bytes& chunk : chunks) {
    old.push_back(*index.find(repository.keys().chunk_id(chunk)));
    chunk_reader.chunk(repository.keys().chunk_id(chunk));
  }
  put_frame(repository, {noise(5, 99)});
  for (uint64_t i = 0; i < 30; ++i) put_frame(repository, {noise(5, 200 + i)});
  index.refresh();
  memory.remove(pack_name(index.pack(0).id));
  for (uint32_t i = index.pack_numbers() - 30; i < index.pack_numbers(); ++i) memory.remove(pack_name(index.pack(i).id));
  index.refresh();   // most of its packs are gone: it starts anew
  EXPECT_TRUE(index.rebuilt());
  size_t errors = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    auto code = code_of([&] { EXPECT_EQ(copy(chunk_reader.chunk(repository.keys().chunk_id(chunks[i]), old[i])), chunks[i]); });
    errors += code.has_value();
  }
  EXPECT_EQ(errors, 1u);
}

}  // namespace
}  // namespace cairn
