#include "store/tree/directory.h"

#include "tests/store/store_fixture.h"
#include "tests/store/tree_entries.h"

namespace cairn {
namespace {

// Objects in a map, by a hash of their bytes.
class DirectoryTest : public testing::Test {
 protected:
  ChunkId put(ByteView bytes) {
    ChunkId id{blake3(bytes)};
    objects_[id] = Bytes(bytes.begin(), bytes.end());
    return id;
  }
  ChunkId write(const std::vector<Entry>& entries) {
    DirectoryWriter writer(put_);
    for (const Entry& entry : entries) writer.add(entry);
    return writer.finish();
  }
  std::vector<Entry> read(const ChunkId& root) {
    std::vector<Entry> out;
    DirectoryReader reader(get_, root);
    while (const Entry* entry = reader.next()) out.push_back(*entry);
    return out;
  }
  std::vector<Entry> decode(ByteView bytes) {
    Decoder in(bytes, "leaf");
    open_object(in);
    return decode_directory_leaf(in);
  }
  static std::vector<Entry> many(size_t count) {
    std::vector<Entry> out;
    for (size_t i = 0; i < count; ++i) {
      char name[32];
      std::snprintf(name, sizeof name, "file-%08zu", i * 2);
      out.push_back(file(name, i));
    }
    return out;
  }
  std::map<ChunkId, Bytes> objects_;
  size_t loads_ = 0;
  PutObject put_ = [this](ByteView bytes) { return put(bytes); };
  GetObject get_ = [this](const ChunkId& id) {
    ++loads_;
    auto found = objects_.find(id);
    if (found == objects_.end()) throw Error(ErrorCode::kNotFound, id.hex());
    return Buffer::copy_of(found->second);
  };
};

TEST_F(DirectoryTest, RandomEntriesComeBackToTheLastField) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 300; ++round) {
    std::set<std::string> names;
    for (size_t i = random() % 30; i > 0; --i) names.insert("n" + std::to_string(random() % 1000) + std::string(random() % 40, '\xff'));
    std::vector<Entry> entries;
    for (const std::string& name : names) entries.push_back(random_entry(random, name));
    EXPECT_EQ(read(write(entries)), entries);
  }
}

TEST_F(DirectoryTest, AnEmptyDirectoryIsOneObject) {
  ChunkId id = write({});
  EXPECT_TRUE(read(id).empty());
  EXPECT_EQ(objects_.size(), 1u);
  EXPECT_EQ(DirectoryReader::find(get_, id, "x"), std::nullopt);
}

TEST_F(DirectoryTest, AHundredThousandEntriesAreManyLeavesAndAnEditInTheMiddleSharesNearlyAll) {
  std::vector<Entry> entries = many(100'000);
  ChunkId first = write(entries);
  EXPECT_EQ(read(first), entries);
  size_t objects = objects_.size();
  EXPECT_GT(objects, 50u);
  entries.insert(entries.begin() + 50'000, file(entries[49'999].name + "x"));
  EXPECT_EQ(read(write(entries)), entries);
  EXPECT_LE(objects_.size() - objects, 6u);
  entries.erase(entries.begin() + 20'000);
  size_t before = objects_.size();
  EXPECT_EQ(read(write(entries)), entries);
  EXPECT_LE(objects_.size() - before, 6u);
}

TEST_F(DirectoryTest, FindAgreesWithALinearSearchAndLoadsFewObjects) {
  std::vector<Entry> entries = many(30'000);
  ChunkId root = write(entries);
  for (size_t i = 0; i < entries.size(); i += 997) {
    loads_ = 0;
    EXPECT_EQ(DirectoryReader::find(get_, root, entries[i].name), entries[i]);
    EXPECT_LE(loads_, 4u);
    std::string absent = entries[i].name;
    ++absent.back();
    EXPECT_EQ(DirectoryReader::find(get_, root, absent), std::nullopt);
  }
  for (const char* absent : {"", "a", "zzz"}) EXPECT_EQ(DirectoryReader::find(get_, root, absent), std::nullopt);
}

TEST_F(DirectoryTest, SumsItsEntries) {
  DirectoryWriter writer(put_);
  writer.add(file("a", 10));
  Entry folder = file("b", 100);
  folder.type = EntryType::kDirectory;
  folder.file_count = 7;
  folder.content = {};
  writer.add(folder);
  writer.finish();
  EXPECT_EQ(writer.size_bytes(), 110u);
  EXPECT_EQ(writer.file_count(), 8u);
}

TEST_F(DirectoryTest, ImpossibleNamesAreRefused) {
  std::vector<std::string> bad = {"", ".", "..", "a/b", "/", std::string("a\0b", 3), std::string(4097, 'x')};
  for (const std::string& name : bad) {
    EXPECT_FALSE(valid_entry_name(name));
    Entry entry = file(name);
    EXPECT_EQ(code_of([&] { decode(encode_directory_leaf({&entry, 1})); }), ErrorCode::kCorrupt) << printable(name);
  }
  for (const std::string& name : {std::string("..."), std::string(" "), std::string("\n\xff"), std::string(4096, 'x')}) {
    Entry entry = file(name);
    EXPECT_EQ(decode(encode_directory_leaf({&entry, 1}))[0].name, name);
  }
}

TEST_F(DirectoryTest, NamesOutOfOrderOrTwiceAreRefused) {
  for (auto [a, b] : {std::pair{"b", "a"}, {"a", "a"}, {"ab", "a"}}) {
    Entry pair[] = {file(a), file(b)};
    EXPECT_EQ(code_of([&] { decode(encode_directory_leaf(pair)); }), ErrorCode::kCorrupt);
    // Also from one leaf to the next.
    DirectoryChild children[] = {{put(encode_directory_leaf({pair, 1})), 1, a}, {put(encode_directory_leaf({pair + 1, 1})), 1, b}};
    EXPECT_EQ(code_of([&] { read(put(encode_directory_branch(children))); }), ErrorCode::kCorrupt);
  }
}

TEST_F(DirectoryTest, HostileCountsAndTruncationsAreRefusedBeforeAnythingIsAllocated) {
  Entry entry = file("name");
  Bytes good = encode_directory_leaf({&entry, 1});
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(code_of([&] { decode(ByteView(good).first(size)); }), ErrorCode::kCorrupt);
  for (ObjectKind kind : {ObjectKind::kDirectoryLeaf, ObjectKind::kDirectoryBranch}) {
    Encoder out = begin_object(kind);
    out.varint(UINT64_MAX);
    ChunkId root = put(out.out());
    EXPECT_EQ(code_of([&] { read(root); }), ErrorCode::kCorrupt);
    EXPECT_EQ(code_of([&] { DirectoryReader::find(get_, root, "x"); }), ErrorCode::kCorrupt);
  }
  Bytes trailing = good;
  trailing.push_back(0);
  EXPECT_EQ(code_of([&] { decode(trailing); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { read(put(encode_directory_branch({}))); }), ErrorCode::kCorrupt);
}

TEST_F(DirectoryTest, OtherObjectsAndNewerVersionsAreRefused) {
  Encoder list = begin_object(ObjectKind::kChunkListLeaf);
  list.varint(0);
  EXPECT_EQ(code_of([&] { read(put(list.out())); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { read(put(Bytes{1, kObjectVersion + 1, 0})); }), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of([&] { read(put(Bytes{99, 1, 0})); }), ErrorCode::kCorrupt);
}

TEST_F(DirectoryTest, BranchesWithoutEndAreRefused) {
  ChunkId own{{42}};   // an object that names itself: impossible with real ids, so any answer but a hang will do
  DirectoryChild child[] = {{own, 1, "a"}};
  objects_[own] = encode_directory_branch(child);
  EXPECT_EQ(code_of([&] { read(own); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { DirectoryReader::find(get_, own, "a"); }), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
