// What is fetched for whom, and that nobody gets other bytes for it.
#include "store/backend/s3/read_ahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "store/error.h"

namespace cairn {
namespace {

constexpr uint64_t kFileBytes = 40 << 20;

uint8_t byte_at(uint64_t offset) { return static_cast<uint8_t>(offset * 2654435761u >> 13); }

struct Storage {
  ReadAhead reads{64 << 20, [this](const std::string& name, uint64_t offset, uint64_t length) {
    ++requests;
    if (name == "missing") throw Error(ErrorCode::kNotFound, "missing");
    length = std::min(length, offset < kFileBytes ? kFileBytes - offset : 0);
    fetched += length;
    Buffer out(static_cast<size_t>(length));
    for (uint64_t i = 0; i < length; ++i) out.data()[i] = byte_at(offset + i);
    return out;
  }};
  std::atomic<int> requests{0};
  std::atomic<uint64_t> fetched{0};
};

bool right(const Buffer& got, uint64_t offset, uint64_t length) {
  if (got.size() != length) return false;
  for (uint64_t i = 0; i < length; i += 97)
    if (got.data()[i] != byte_at(offset + i)) return false;
  return true;
}

TEST(ReadAhead, FrontToBackTakesFewRequests) {
  Storage storage;
  constexpr uint64_t kReadAheadPiece = 200'000;
  for (uint64_t at = 0; at < kFileBytes; at += kReadAheadPiece) {
    const uint64_t length = std::min(kReadAheadPiece, kFileBytes - at);
    ASSERT_TRUE(right(storage.reads.read("a", at, length), at, length)) << at;
  }
  EXPECT_LE(storage.requests, 14);
  EXPECT_LE(storage.fetched, kFileBytes + kFileBytes / 10);
}

TEST(ReadAhead, HereAndThereTakesWhatWasAskedFor) {
  Storage storage;
  for (uint64_t at : {30u << 20, 3u << 20, 20u << 20, 10u << 20}) EXPECT_TRUE(right(storage.reads.read("a", at, 1000), at, 1000));
  EXPECT_EQ(storage.fetched, 4000u);
}

TEST(ReadAhead, FilesAreKeptApart) {
  Storage storage;
  for (uint64_t at = 0; at < 1'000'000; at += 100'000)
    for (std::string name : {"a", "b"}) EXPECT_TRUE(right(storage.reads.read(name, at, 100'000), at, 100'000));
  EXPECT_LE(storage.requests, 10);
}

TEST(ReadAhead, BeyondTheEndComesWhatThereIs) {
  Storage storage;
  EXPECT_TRUE(right(storage.reads.read("a", kFileBytes - 100, 200), kFileBytes - 100, 100));
  storage.reads.read("a", kFileBytes - 300'000, 100'000);
  EXPECT_TRUE(right(storage.reads.read("a", kFileBytes - 200'000, 300'000), kFileBytes - 200'000, 200'000));
  EXPECT_TRUE(right(storage.reads.read("a", kFileBytes - 100'000, 300'000), kFileBytes - 100'000, 100'000));
}

TEST(ReadAhead, FailuresReachEverybodyAndAreNotKept) {
  Storage storage;
  for (int i = 0; i < 3; ++i) EXPECT_THROW(storage.reads.read("missing", static_cast<uint64_t>(i) * 10, 10), Error);
  EXPECT_EQ(storage.requests, 3);
}

TEST(ReadAhead, ThreadsShareWhatIsOnItsWay) {
  Storage storage;
  constexpr uint64_t kReadAheadPiece = 100'000;
  std::atomic<uint64_t> next{0};
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (uint64_t at; (at = next.fetch_add(kReadAheadPiece)) + kReadAheadPiece <= kFileBytes;) wrong += !right(storage.reads.read("a", at, kReadAheadPiece), at, kReadAheadPiece);
    });
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(storage.requests, 150);   // of 419 pieces, whatever the order
}

}  // namespace
}  // namespace cairn
