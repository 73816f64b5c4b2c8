#include "store/read/bulk_reader.h"

#include <mutex>

#include "store/parallel.h"
#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class BulkReaderTest : public StoreTest {
 protected:
  // Chunks in packs of a few frames of a few chunks each.
  void store(Repository& repository, size_t packs) {
    for (size_t pack = 0; pack < packs; ++pack) {
      TestBackup backup(repository, {3, 4 << 10});
      for (size_t i = 0; i < 40; ++i) {
        chunks.push_back(noise(500 + i, pack * 1000 + i));
        ids.push_back(backup.add_chunk(chunks.back()));
      }
      backup.commit({}, static_cast<int64_t>(pack));
    }
  }
  std::vector<PlacedChunk> placed(BulkReader& reader) {
    std::vector<std::optional<Location>> places;
    reader.locate(ids, places);
    std::vector<PlacedChunk> out;
    for (size_t i = 0; i < ids.size(); ++i) out.push_back({ids[i], *places[i]});
    return out;
  }
  std::vector<Bytes> chunks;
  std::vector<ChunkId> ids;
};

TEST_F(BulkReaderTest, VisitsEachChunkOnceAndOpensEachFrameOnce) {
  Repository repository = open();
  store(repository, 12);
  FaultBackend counting(memory);
  for (size_t threads : {1, 2, 5}) {
    BulkReader reader(counting, repository.keys(), repository.index(), 0, threads);
    const std::vector<PlacedChunk> wanted = placed(reader);
    std::set<std::pair<uint32_t, uint32_t>> frames;
    for (const PlacedChunk& chunk : wanted) frames.insert({chunk.at.pack, chunk.at.frame});
    std::vector<Bytes> got(wanted.size());
    counting.clear();
    reader.read(wanted, [&](size_t i, ByteView bytes) {
      EXPECT_TRUE(got[i].empty());
      got[i].assign(bytes.begin(), bytes.end());
    });
    EXPECT_EQ(got, chunks) << threads;
    EXPECT_EQ(counting.count_of(Operation::kRead), frames.size()) << threads;
  }
}

TEST_F(BulkReaderTest, LocatesAsTheIndexDoesAlsoWhatIsNotThere) {
  Repository repository = open();
  store(repository, 30);
  ids.insert(ids.begin() + 700, ChunkId{{9}});
  BulkReader reader(memory, repository.keys(), repository.index(), 1 << 20, 3);
  std::vector<std::optional<Location>> places, expected;
  reader.locate(ids, places);
  repository.index().find_many(ids, expected);
  EXPECT_EQ(places, expected);
  EXPECT_FALSE(places[700]);
}

// One frame is damaged, one chunk's place is stale, one visit throws: the others are visited, and the first is told.
TEST_F(BulkReaderTest, WhatFailsKeepsNoOtherFromBeingVisited) {
  Repository repository = open();
  store(repository, 6);
  BulkReader reader(memory, repository.keys(), repository.index(), 0, 2);
  std::vector<PlacedChunk> wanted = placed(reader);
  const std::string name = pack_name(repository.index().pack(wanted[100].at.pack).id);
  Bytes pack = memory.snapshot()[name];
  const FrameInfo frame = repository.index().pack(wanted[100].at.pack).frames[wanted[100].at.frame];
  pack[frame.offset + 5] ^= 1;
  memory.replace(name, pack);
  std::set<size_t> damaged;
  for (size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i].at.pack == wanted[100].at.pack && wanted[i].at.frame == wanted[100].at.frame) damaged.insert(i);
  wanted[3].at.offset_bytes += 1;   // looked up again
  std::mutex mu;
  std::set<size_t> visited;
  auto visit = [&](size_t i, ByteView bytes) {
    EXPECT_TRUE(std::ranges::equal(bytes, chunks[i])) << i;
    std::lock_guard lock(mu);
    visited.insert(i);
    if (i == 200) throw Error(ErrorCode::kInterrupted, "enough");
  };
  EXPECT_EQ(code_of([&] { reader.read(wanted, visit); }), ErrorCode::kCorrupt);
  EXPECT_EQ(visited.size(), wanted.size() - damaged.size());
  EXPECT_TRUE(visited.contains(3));
  for (size_t i : damaged) EXPECT_FALSE(visited.contains(i));
  wanted.erase(wanted.begin(), wanted.begin() + 201);
  EXPECT_EQ(code_of([&] { reader.read(std::span(wanted).first(1), [](size_t, ByteView) { throw Error(ErrorCode::kInterrupted, "enough"); }); }),
            ErrorCode::kInterrupted);
}

TEST(InParallel, RunsEveryNumberAndThrowsTheFirstErrorOfAll) {
  std::vector<std::atomic<int>> ran(5);
  EXPECT_EQ(code_of([&] {
              in_parallel(5, [&](size_t i) {
                ++ran[i];
                if (i == 2) throw Error(ErrorCode::kIo, "two");
                if (i == 4) throw Error(ErrorCode::kCorrupt, "four");
              });
            }),
            ErrorCode::kIo);
  for (const auto& each : ran) EXPECT_EQ(each, 1);
}

}  // namespace
}  // namespace cairn
