#include "store/read/content_reader.h"

#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class ContentReaderTest : public StoreTest {
 protected:
  // A content of chunks of odd lengths; every tenth is a run of zeros.
  Content store(size_t chunks, uint64_t seed) {
    Repository repository = open(memory, "writer");
    TestBackup backup(repository);
    std::mt19937_64 random(seed);
    PutObject put = [&](ByteView object) { return backup.session().put_object(object); };
    ChunkListWriter list(put);
    whole_.clear();
    for (size_t i = 0; i < chunks; ++i) {
      size_t length = 1 + random() % 3000;
      Bytes bytes = i % 10 == 3 ? Bytes(length * 100) : noise(length, random());
      list.add({i % 10 == 3 ? ChunkId{} : backup.add_chunk(bytes), bytes.size()});
      whole_.insert(whole_.end(), bytes.begin(), bytes.end());
    }
    Content content = list.finish();
    Manifest manifest = backup.manifest_of({});
    backup.builder().flush();
    backup.session().commit(manifest);
    return content;
  }
  static Bytes read(ContentReader& reader, uint64_t offset, uint64_t length) {
    Bytes out;
    reader.read(offset, length, [&](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
    return out;
  }
  Bytes whole_;
};

TEST_F(ContentReaderTest, EveryPlaceCanBeRead) {
  for (size_t chunks : {1u, 8u, 9u, 3000u}) {
    Content content = store(chunks, chunks);
    Repository repository = open();
    ChunkReader chunk_reader(memory, repository.keys(), repository.index(), 1 << 20);
    ContentReader reader(chunk_reader, content);
    std::mt19937_64 random(chunks);
    EXPECT_TRUE(read(reader, 0, whole_.size()) == whole_);
    for (int i = 0; i < 300; ++i) {
      size_t offset = random() % whole_.size(), length = random() % std::min<size_t>(whole_.size() - offset + 1, 20000);
      if (i % 50 == 0) length = whole_.size() - offset;
      EXPECT_TRUE(read(reader, offset, length) == Bytes(whole_.begin() + static_cast<ptrdiff_t>(offset),
                                                       whole_.begin() + static_cast<ptrdiff_t>(offset + length)))
          << offset << " " << length;
    }
    EXPECT_TRUE(read(reader, whole_.size(), 0).empty());
    EXPECT_EQ(code_of([&] { read(reader, whole_.size(), 1); }), ErrorCode::kCorrupt);
    EXPECT_EQ(code_of([&] { read(reader, whole_.size() - 1, 2); }), ErrorCode::kCorrupt);
    EXPECT_EQ(code_of([&] { read(reader, UINT64_MAX - 1, UINT64_MAX); }), ErrorCode::kCorrupt);
  }
}

TEST_F(ContentReaderTest, InlineAndEmptyContents) {
  Repository repository = open();
  ChunkReader chunk_reader(memory, repository.keys(), repository.index(), 1 << 20);
  Content content;
  ContentReader empty(chunk_reader, content);
  EXPECT_TRUE(read(empty, 0, 0).empty());
  EXPECT_EQ(code_of([&] { read(empty, 0, 1); }), ErrorCode::kCorrupt);
  content.kind = Content::Kind::kInline;
  content.inline_bytes = {1, 2, 3, 4};
  ContentReader reader(chunk_reader, content);
  EXPECT_EQ(read(reader, 1, 2), (Bytes{2, 3}));
  EXPECT_EQ(code_of([&] { read(reader, 3, 2); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { read(reader, UINT64_MAX, 2); }), ErrorCode::kCorrupt);
}

TEST_F(ContentReaderTest, LeavesBeforeAPlaceAreNotLoaded) {
  Content content = store(20000, 1);
  Repository repository = open();
  ChunkReader chunk_reader(memory, repository.keys(), repository.index(), 1 << 20);
  size_t loads = 0;
  GetObject counting = [&](const ChunkId& id) {
    ++loads;
    return chunk_reader.get(id);
  };
  ContentRuns runs(counting, content);
  loads = 0;
  runs.seek(whole_.size() / 2, 100);
  EXPECT_TRUE(runs.next());
  EXPECT_LE(loads, 3u);
}

// A branch that tells wrong lengths would give other bytes at a place than in passing.
TEST(ChunkListSeek, BranchesThatLieAreRefused) {
  std::map<ChunkId, Bytes> objects;
  auto put = [&](Bytes bytes) {
    ChunkId id{blake3(bytes)};
    objects[id] = std::move(bytes);
    return id;
  };
  GetObject get = [&](const ChunkId& id) { return Buffer::copy_of(objects.at(id)); };
  std::vector<ChunkRef> refs = {{ChunkId{{1}}, 10}, {ChunkId{{2}}, 20}}, huge = {{ChunkId{{1}}, UINT64_MAX >> 1}, {{}, UINT64_MAX >> 1}, {{}, 5}};
  ChunkId leaf = put(encode_chunk_list_leaf(refs)), endless = put(encode_chunk_list_leaf(huge));
  auto seeking = [&](std::vector<ChunkListChild> children, uint64_t offset, uint64_t* begin = nullptr) {
    Content content;
    content.kind = Content::Kind::kList;
    content.list = put(encode_chunk_list_branch(children));
    return code_of([&] {
      ChunkListReader reader(get, content);
      uint64_t at = reader.seek(offset);
      if (begin) *begin = at;
    });
  };
  uint64_t begin = 0;
  EXPECT_EQ(seeking({{leaf, 30}, {leaf, 30}}, 59, &begin), std::nullopt);
  EXPECT_EQ(begin, 30u);
  EXPECT_EQ(seeking({{leaf, 30}, {leaf, 30}}, 60), ErrorCode::kCorrupt);
  EXPECT_EQ(seeking({{leaf, 30}, {leaf, 31}}, 59), ErrorCode::kCorrupt);
  EXPECT_EQ(seeking({{leaf, 29}, {leaf, 30}}, 3), ErrorCode::kCorrupt);
  EXPECT_EQ(seeking({{leaf, 30}, {leaf, UINT64_MAX}}, 3), ErrorCode::kCorrupt);
  EXPECT_EQ(seeking({{leaf, 30}, {endless, 3}}, 30), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
