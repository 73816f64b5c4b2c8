#include "store/pack/directory.h"

#include "store/index/segment.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class PackDirectoryTest : public testing::Test {
 protected:
  PackDirectoryTest() {
    pack_.id = random_id<PackId>();
    pack_.size_bytes = 100'000;
    random_fill(pack_.key_box);
    random_fill(pack_.commitment);
    add_frame(3, Codec::kZstd, {100, 200});
    add_frame(0, Codec::kRaw, {50});
    add_frame(1, Codec::kZstdDelta, {0, 900});
    pack_.frames.back().bases = {ChunkId{{1}}, ChunkId{{2}}};
  }
  void add_frame(uint32_t number, Codec codec, std::vector<uint32_t> lengths) {
    FrameInfo frame;
    frame.number = number;
    frame.codec = codec;
    for (uint32_t length : lengths) {
      frame.plain_bytes += length;
      pack_.chunks.push_back({random_id<ChunkId>(), length});
    }
    frame.stored_bytes = codec == Codec::kRaw ? frame.plain_bytes + static_cast<uint32_t>(kTagBytes) : 40;
    frame.chunk_count = static_cast<uint32_t>(lengths.size());
    pack_.frames.push_back(frame);
  }
  std::optional<ErrorCode> decode(ByteView body) {
    PackInfo again = pack_;
    return code_of([&] { again.decode_body(body); });
  }
  // What the decoder says of a directory in which `change` was made.
  template <class Change>
  std::optional<ErrorCode> with(Change change) {
    PackInfo bad = pack_;
    change(bad);
    return decode(bad.encode_body());
  }
  PackInfo pack_;
};

TEST_F(PackDirectoryTest, ComesBackWithTheFramesPlaces) {
  PackInfo again = pack_;
  again.frames.clear();
  again.chunks.clear();
  again.decode_body(pack_.encode_body());
  EXPECT_EQ(again.encode_body(), pack_.encode_body());
  EXPECT_EQ(again.frames[0].offset, kFirstFrameOffset);
  EXPECT_EQ(again.frames[2].offset, kFirstFrameOffset + 40 + 66);
  PackInfo bare = pack_;
  bare.chunks.clear();
  PackInfo bare_again = pack_;
  bare_again.decode_bare_body(bare.encode_body());
  EXPECT_EQ(bare_again.frames.size(), 3u);
  EXPECT_TRUE(bare_again.chunks.empty());
}

TEST_F(PackDirectoryTest, EveryTruncationAndTrailingByteIsRefused) {
  Bytes body = pack_.encode_body();
  for (size_t size = 0; size < body.size(); ++size) EXPECT_EQ(decode(ByteView(body).first(size)), ErrorCode::kCorrupt) << size;
  body.push_back(0);
  EXPECT_EQ(decode(body), ErrorCode::kCorrupt);
}

TEST_F(PackDirectoryTest, WhatContradictsItselfIsRefused) {
  EXPECT_EQ(with([](PackInfo&) {}), std::nullopt);
  EXPECT_EQ(with([](PackInfo& p) { p.key_box[3] ^= 1; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](PackInfo& p) { ++p.frames[0].plain_bytes; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](PackInfo& p) { ++p.chunks[0].length_bytes; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](PackInfo& p) { ++p.frames[0].chunk_count; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](PackInfo& p) { p.frames[0].chunk_count = UINT32_MAX; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](PackInfo& p) { p.frames[1].stored_bytes -= 1; }), ErrorCode::kCorrupt);   // raw
  EXPECT_EQ(with([](PackInfo& p) { p.frames[0].stored_bytes = 15; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](PackInfo& p) { p.frames[0].stored_bytes = 100'000; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](PackInfo& p) { p.frames[0].stored_bytes = UINT32_MAX; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](PackInfo& p) { p.frames[2].bases.clear(); }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](PackInfo& p) { p.frames[0].bases = {ChunkId{}}; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](PackInfo& p) { p.frames[2].bases.resize(kMostBases + 1); }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](PackInfo& p) { p.frames[0].codec = static_cast<Codec>(3); }), ErrorCode::kUnsupported);
}

TEST_F(PackDirectoryTest, AFrameBeyondTheMaximumIsRefused) {
  PackInfo big;
  big.size_bytes = uint64_t{1} << 40;
  big.frames.resize(1);
  big.chunks.resize(1);
  big.frames[0].chunk_count = 1;
  for (uint32_t extra : {0u, 1u}) {
    big.frames[0].plain_bytes = big.chunks[0].length_bytes = static_cast<uint32_t>(kMostFrameBytes) + extra;
    big.frames[0].stored_bytes = big.frames[0].plain_bytes + static_cast<uint32_t>(kTagBytes);
    PackInfo again;
    again.size_bytes = big.size_bytes;
    EXPECT_EQ(code_of([&] { again.decode_body(big.encode_body()); }).has_value(), extra == 1);
  }
}

TEST(Padding, HidesSizesForAPerCentOrSo) {
  for (uint64_t size : {uint64_t{1}, uint64_t{4096}, uint64_t{4097}, uint64_t{1000000}, uint64_t{33} << 20, uint64_t{1} << 40}) {
    uint64_t padded = padded_bytes(size);
    EXPECT_GE(padded, size);
    EXPECT_LT(padded - size, std::max<uint64_t>(4096, size / 64));
    EXPECT_EQ(padded_bytes(padded), padded);
  }
}

class SegmentTest : public StoreTest {};

TEST_F(SegmentTest, PacksComeBackAndOtherNamesAreRefused) {
  Repository repository = open();
  back_up(repository, sample_files(1));
  std::vector<PackInfo> packs;
  for (const StoredFile& file : memory.list("packs/"))
    packs.push_back(read_directory(memory, repository.keys(), *id_in_name<PackId>(file.name), file.size_bytes));
  auto id = random_id<SegmentId>();
  Bytes file = encode_segment(id, repository.keys(), packs);
  auto again = decode_segment(file, id, repository.keys());
  ASSERT_EQ(again.size(), packs.size());
  for (size_t i = 0; i < packs.size(); ++i) {
    EXPECT_EQ(again[i].id, packs[i].id);
    EXPECT_EQ(again[i].size_bytes, packs[i].size_bytes);
    EXPECT_EQ(again[i].key_box, packs[i].key_box);
    EXPECT_EQ(again[i].encode_body(), packs[i].encode_body());
  }
  EXPECT_EQ(code_of([&] { decode_segment(file, random_id<SegmentId>(), repository.keys()); }), ErrorCode::kCorrupt);
  EXPECT_TRUE(decode_segment(encode_segment(id, repository.keys(), {}), id, repository.keys()).empty());
}

}  // namespace
}  // namespace cairn
