// Of a pack only what was asked for is fetched, and once.
#include "store/backend/kept_pieces.h"

#include <gtest/gtest.h>

#include <thread>

#include "store/backend/memory.h"
#include "store/error.h"
#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

constexpr uint64_t kPiece = KeptPieces::kPieceBytes;

struct KeptPiecesTest : testing::Test {
  Bytes read(KeptPieces& pieces, uint64_t offset, uint64_t length) {
    const Buffer got = pieces.read(faults, "packs/a", pack.size(), offset, length);
    return Bytes(got.view().begin(), got.view().end());
  }
  Bytes part(uint64_t offset, uint64_t length) const {
    const ByteView all = ByteView(pack).subspan(offset, length);
    return Bytes(all.begin(), all.end());
  }
  TempDir dir;
  Bytes pack = noise(5 * kPiece + 1000, 1);
  MemoryBackend memory{{{"packs/a", pack}}};
  FaultBackend faults{memory};
};

TEST_F(KeptPiecesTest, FetchesPiecesOnceForAllProcesses) {
  KeptPieces pieces(dir / "kept", 64 << 20);
  EXPECT_EQ(read(pieces, 10, 100), part(10, 100));
  EXPECT_EQ(faults.bytes_of(Operation::kRead), kPiece);
  EXPECT_EQ(read(pieces, kPiece - 50, kPiece + 100), part(kPiece - 50, kPiece + 100));
  EXPECT_EQ(read(pieces, 5 * kPiece + 10, 990), part(5 * kPiece + 10, 990));
  EXPECT_EQ(faults.bytes_of(Operation::kRead), 3 * kPiece + 1000);
  KeptPieces later(dir / "kept", 64 << 20);
  EXPECT_EQ(read(later, 100, 2 * kPiece), part(100, 2 * kPiece));
  EXPECT_EQ(faults.bytes_of(Operation::kRead), 3 * kPiece + 1000);
}

TEST_F(KeptPiecesTest, ThreadsThatWantOnePieceFetchItOnce) {
  KeptPieces pieces(dir / "kept", 64 << 20);
  {
    std::vector<std::jthread> threads;
    for (uint64_t i = 0; i < 8; ++i) threads.emplace_back([&, i] { EXPECT_EQ(read(pieces, 1000 * i, 5000), part(1000 * i, 5000)); });
  }
  EXPECT_EQ(faults.count_of(Operation::kRead), 1u);
}

TEST_F(KeptPiecesTest, WhatIsDroppedIsFetchedAnew) {
  KeptPieces pieces(dir / "kept", 64 << 20);
  EXPECT_FALSE(pieces.drop("packs/a", pack.size()));
  read(pieces, 0, pack.size());
  EXPECT_TRUE(pieces.drop("packs/a", pack.size()));
  faults.clear();
  EXPECT_EQ(read(pieces, 0, pack.size()), pack);
  EXPECT_EQ(faults.bytes_of(Operation::kRead), pack.size());
}

TEST_F(KeptPiecesTest, BeyondTheEndIsCorrupt) {
  KeptPieces pieces(dir / "kept", 64 << 20);
  EXPECT_EQ(code_of([&] { read(pieces, pack.size() - 10, 11); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { pieces.read(faults, "packs/a", pack.size() + kPiece, pack.size(), 10); }), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
