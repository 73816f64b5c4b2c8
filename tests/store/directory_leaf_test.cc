#include "store/tree/directory_leaf.h"

#include "tests/store/tree_entries.h"

namespace cairn {
namespace {

TEST(DirectoryLeaf, AScanFindsTheReferencesOfEveryEntryAndNoLeafThatIsCutShort) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 100; ++round) {
    std::vector<Entry> entries;
    std::vector<ChunkId> objects, directories, chunks, found_objects, found_directories, found_chunks;
    for (size_t i = 0, count = random() % 20; i < count; ++i) {
      entries.push_back(random_entry(random, std::to_string(1000 + i)));
      const Entry& e = entries.back();
      if (e.type == EntryType::kDirectory) directories.push_back(e.directory);
      if (e.type == EntryType::kDirectory) objects.push_back(e.directory);
      if (e.content.kind == Content::Kind::kList) objects.push_back(e.content.list);
      for (const ChunkRef& ref : e.content.chunks)
        if (!ref.is_zeros()) chunks.push_back(ref.id);
    }
    const Bytes leaf = encode_directory_leaf(entries);
    auto scan = [&](ByteView bytes) {
      found_objects.clear();
      found_chunks.clear();
      Decoder in(bytes, "leaf");
      open_object(in);
      Decoder again = in;
      scan_directory_leaf(in, found_objects, found_chunks);
      found_directories = leaf_directories(again);
    };
    scan(leaf);
    EXPECT_EQ(found_objects, objects);
    EXPECT_EQ(found_chunks, chunks);
    EXPECT_EQ(found_directories, directories);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(code_of([&] { scan(ByteView(leaf).first(random() % leaf.size())); }), ErrorCode::kCorrupt);
  }
}

// A scan that overlooked what it doesn't know would let a prune delete it.
TEST(DirectoryLeaf, AScanRefusesEntriesOfANewerKind) {
  Bytes leaf = encode_directory_leaf(std::vector<Entry>{file("a")});
  const size_t type_at = 5, flags_at = 6;   // kind, version, count, length of the name, name
  for (const auto& [at, value, code] : {std::tuple(type_at, 7, ErrorCode::kCorrupt), std::tuple(flags_at, 16, ErrorCode::kUnsupported)}) {
    Bytes changed = leaf;
    changed[at] = static_cast<uint8_t>(value);
    Decoder in(changed, "leaf");
    open_object(in);
    std::vector<ChunkId> objects, chunks;
    EXPECT_EQ(code_of([&] { scan_directory_leaf(in, objects, chunks); }), code);
  }
}

TEST(DirectoryLeaf, SomeEntriesComeOutAsIfAllHadBeenRead) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<Entry> entries, expected;
    for (size_t i = 0, count = random() % 20; i < count; ++i) entries.push_back(random_entry(random, std::to_string(1000 + i)));
    const Bytes leaf = encode_directory_leaf(entries);
    const uint64_t salt = random();
    auto wanted = [&](std::string_view name, EntryType type) {
      return (std::hash<std::string_view>()(name) ^ salt) % 5 == 0 || (salt % 2 == 0 && type == EntryType::kDirectory);
    };
    auto decode_some = [&](ByteView bytes) {
      Decoder in(bytes, "leaf");
      open_object(in);
      return decode_directory_leaf(in, wanted);
    };
    for (const Entry& e : entries)
      if (wanted(e.name, e.type)) expected.push_back(e);
    EXPECT_EQ(decode_some(leaf), expected);
    for (int i = 0; i < 10 && !expected.empty(); ++i) EXPECT_EQ(code_of([&] { decode_some(ByteView(leaf).first(random() % leaf.size())); }), ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace cairn
