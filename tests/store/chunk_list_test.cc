#include "store/tree/chunk_list.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class ChunkListTest : public testing::Test {
 protected:
  ChunkId put(ByteView bytes) {
    ChunkId id{blake3(bytes)};
    objects_[id] = Bytes(bytes.begin(), bytes.end());
    return id;
  }
  Content write(const std::vector<ChunkRef>& refs) {
    ChunkListWriter writer(put_);
    for (const ChunkRef& ref : refs) writer.add(ref);
    return writer.finish();
  }
  std::vector<ChunkRef> read(const Content& content) {
    std::vector<ChunkRef> out;
    ChunkListReader reader(get_, content);
    for (auto run = reader.next(); !run.empty(); run = reader.next()) out.insert(out.end(), run.begin(), run.end());
    return out;
  }
  static std::vector<ChunkRef> random_refs(size_t count, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<ChunkRef> refs(count);
    bool zeros = true;
    for (ChunkRef& ref : refs) {
      zeros = !zeros && random() % 20 == 0;   // never two runs of zeros side by side
      if (!zeros)
        for (uint8_t& byte : ref.id.bytes) byte = static_cast<uint8_t>(random());
      ref.length_bytes = 1 + random() % 100000;
    }
    return refs;
  }
  static Content list_of(const ChunkId& id) {
    Content content;
    content.kind = Content::Kind::kList;
    content.list = id;
    return content;
  }
  std::map<ChunkId, Bytes> objects_;
  PutObject put_ = [this](ByteView bytes) { return put(bytes); };
  GetObject get_ = [this](const ChunkId& id) { return Buffer::copy_of(objects_.at(id)); };
};

TEST_F(ChunkListTest, AnyNumberOfReferencesComesBack) {
  for (size_t count : {0u, 1u, 8u, 9u, 63u, 64u, 2048u, 2049u, 5000u, 200000u}) {
    auto refs = random_refs(count, count);
    Content content = write(refs);
    EXPECT_EQ(read(content), refs) << count;
    EXPECT_EQ(content.kind, count == 0 ? Content::Kind::kNone : count <= 8 ? Content::Kind::kChunks : Content::Kind::kList);
  }
}

TEST_F(ChunkListTest, AnEditInTheMiddleSharesNearlyAllLeaves) {
  auto refs = random_refs(100'000, 1);
  write(refs);
  size_t objects = objects_.size();
  EXPECT_GT(objects, 100u);
  refs.insert(refs.begin() + 50'000, ChunkRef{ChunkId{{9, 9}}, 5});
  EXPECT_EQ(read(write(refs)), refs);
  EXPECT_LE(objects_.size() - objects, 6u);
}

TEST_F(ChunkListTest, NeighbouringZerosAreOneRunHoweverTheyCame) {
  ChunkRef data{ChunkId{{1}}, 10};
  Content one = write({data, {{}, 100}, data}), three = write({data, {{}, 30}, {{}, 30}, {{}, 40}, data});
  EXPECT_EQ(one, three);
  EXPECT_EQ(one.chunks.size(), 3u);
  EXPECT_TRUE(one.chunks[1].is_zeros());
}

TEST_F(ChunkListTest, HostileListsAreRefused) {
  auto refs = random_refs(20, 1);
  Bytes good = encode_chunk_list_leaf(refs);
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(code_of([&] { read(list_of(put(ByteView(good).first(size)))); }), ErrorCode::kCorrupt) << size;
  for (ObjectKind kind : {ObjectKind::kChunkListLeaf, ObjectKind::kChunkListBranch})
    for (uint64_t count : {uint64_t{1000}, UINT64_MAX}) {
      Encoder out = begin_object(kind);
      out.varint(count);
      EXPECT_EQ(code_of([&] { read(list_of(put(out.out()))); }), ErrorCode::kCorrupt);
    }
  Encoder directory = begin_object(ObjectKind::kDirectoryLeaf);
  directory.varint(0);
  EXPECT_EQ(code_of([&] { read(list_of(put(directory.out()))); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { read(list_of(put(encode_chunk_list_branch({})))); }), ErrorCode::kCorrupt);
}

// Taken for the end it would cut the file short.
TEST_F(ChunkListTest, AnEmptyLeafInTheMiddleIsRefused) {
  auto refs = random_refs(3, 1);
  ChunkId full = put(encode_chunk_list_leaf(refs)), empty = put(encode_chunk_list_leaf({}));
  ChunkListChild children[] = {{full, 3}, {empty, 0}, {full, 3}};
  EXPECT_EQ(code_of([&] { read(list_of(put(encode_chunk_list_branch(children)))); }), ErrorCode::kCorrupt);
}

TEST_F(ChunkListTest, BranchesWithoutEndAreRefused) {
  ChunkId own{{42}};
  ChunkListChild child[] = {{own, 1}};
  objects_[own] = encode_chunk_list_branch(child);
  EXPECT_EQ(code_of([&] { read(list_of(own)); }), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
