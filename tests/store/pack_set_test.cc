#include "store/write/pack_set.h"

#include <thread>

#include "store/write/claims.h"
#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class PackSetTest : public testing::Test {
 protected:
  PackSetTest() : packs_(faults_, keys_, ObjectType::kDataPack, best_suite(), [this](PackInfo pack) {
    std::lock_guard lock(mu_);
    done_.push_back(std::move(pack));
  }) {}
  // A raw frame of one chunk.
  void add_frame(const Bytes& chunk) {
    FrameInfo frame;
    frame.plain_bytes = static_cast<uint32_t>(chunk.size());
    EXPECT_EQ(packs_.add(frame, chunk, {{keys_.chunk_id(chunk), frame.plain_bytes}}), chunk.size() + kTagBytes);
  }
  Keyring keys_ = make_keyring(random_id<RepositoryId>(), 1);
  MemoryBackend memory_;
  FaultBackend faults_{memory_};
  std::mutex mu_;
  std::vector<PackInfo> done_;
  PackSet packs_;
};

TEST_F(PackSetTest, PacksAreOfBoundedLengthAndNoneIsLost) {
  for (uint64_t i = 0; i < 24; ++i) {
    Bytes chunk(4 << 20);
    chunk[0] = static_cast<uint8_t>(i);
    add_frame(chunk);
  }
  packs_.finish();
  size_t frames = 0;
  for (const PackInfo& pack : done_) {
    frames += pack.frames.size();
    EXPECT_LE(pack.size_bytes, uint64_t{37} << 20);
    EXPECT_EQ(read_directory(memory_, keys_, pack.id, pack.size_bytes).encode_body(), pack.encode_body());
  }
  EXPECT_EQ(frames, 24u);
  EXPECT_GE(done_.size(), 3u);
}

// Thousands of tiny chunks in a few bytes: the directory must not grow beyond what a reader takes.
TEST_F(PackSetTest, PacksAreOfABoundedNumberOfChunks) {
  constexpr size_t kChunks = 300'000;
  std::vector<ChunkInfo> chunks(1000, {ChunkId{{1}}, 1});
  FrameInfo frame;
  frame.plain_bytes = 1000;
  for (size_t i = 0; i < kChunks / 1000; ++i) packs_.add(frame, Bytes(1000), chunks);
  packs_.finish();
  EXPECT_GE(done_.size(), 2u);
  for (const PackInfo& pack : done_) {
    EXPECT_LE(pack.encode_body().size(), size_t{8} << 20);
    EXPECT_EQ(read_directory(memory_, keys_, pack.id, pack.size_bytes).chunks.size(), pack.chunks.size());
  }
}

TEST_F(PackSetTest, FourThreadsUseEachNumberOnceAndFillWholePacks) {
  {
    std::vector<std::jthread> threads;
    for (uint64_t t = 0; t < 4; ++t)
      threads.emplace_back([this, t] {
        for (uint64_t i = 0; i < 25; ++i) add_frame(noise(700 << 10, t * 100 + i));
      });
  }
  packs_.finish();
  size_t frames = 0;
  for (const PackInfo& pack : done_) {
    PackOpener opener(keys_, pack);
    std::set<uint32_t> numbers;
    for (size_t i = 0; i < pack.frames.size(); ++i) {
      const FrameInfo& frame = pack.frames[i];
      EXPECT_TRUE(numbers.insert(frame.number).second);
      Buffer plain = opener.open(frame, memory_.read(pack_name(pack.id), frame.offset, frame.stored_bytes));
      EXPECT_EQ(keys_.chunk_id(plain), pack.chunks[i].id);
    }
    EXPECT_EQ(*numbers.rbegin(), numbers.size() - 1);
    frames += numbers.size();
  }
  EXPECT_EQ(frames, 100u);
}

TEST_F(PackSetTest, AFailureIsThrownAndLeavesNothingVisible) {
  faults_.fail_at(4, ErrorCode::kNoSpace, true);   // create, header, key box, frame
  EXPECT_EQ(code_of([&] { add_frame(noise(1000, 1)); }), ErrorCode::kNoSpace);
  EXPECT_TRUE(code_of([&] { packs_.finish(); }));
  EXPECT_TRUE(done_.empty());
  EXPECT_TRUE(memory_.snapshot().empty());
}

TEST(Claims, OneOfManyThreadsWinsEachIdAndReleasedOnesCanBeClaimedAgain) {
  Claims claims;
  std::atomic<size_t> won{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (uint8_t i = 0; i < 200; ++i) won += claims.claim(ChunkId{blake3(Bytes{i})});
      });
  }
  EXPECT_EQ(won, 200u);
  ChunkId id{blake3(Bytes{7})};
  EXPECT_FALSE(claims.claim(id));
  claims.release(id);
  EXPECT_TRUE(claims.claim(id));
}

}  // namespace
}  // namespace cairn
