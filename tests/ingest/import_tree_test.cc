// What an archive may say about a tree, in any order, and what it may not.
#include "ingest/tar/import_tree.h"

#include <gtest/gtest.h>

#include <map>

#include "store/error.h"
#include "store/tree/directory.h"

namespace cairn {
namespace {

class ImportTreeTest : public testing::Test {
 protected:
  ImportTreeTest() : tree_(directory(0700)) {}

  static Entry directory(uint32_t mode) {
    Entry entry;
    entry.name = "root";
    entry.type = EntryType::kDirectory;
    entry.mode = mode;
    return entry;
  }
  static Entry file(const std::string& text) {
    Entry entry;
    entry.mode = 0644;
    entry.size_bytes = text.size();
    entry.content.kind = Content::Kind::kInline;
    entry.content.inline_bytes.assign(text.begin(), text.end());
    return entry;
  }
  static Entry symlink() {
    Entry entry;
    entry.type = EntryType::kSymlink;
    entry.target = "/etc";
    return entry;
  }
  void expect_refused(const std::string& path, Entry entry, const std::string* link = nullptr) {
    try {
      tree_.add(path, std::move(entry), link);
      ADD_FAILURE() << path << " was taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kInvalidArgument) << path;
    }
  }
  // All entries, by path.
  std::map<std::string, Entry> stored() {
    std::map<ChunkId, Bytes> objects;
    uint8_t number = 0;
    const PutObject put = [&](ByteView object) {
      ChunkId id;
      id.bytes[0] = ++number;
      objects[id] = Bytes(object.begin(), object.end());
      return id;
    };
    const Entry root = tree_.finish(put);
    std::map<std::string, Entry> out{{"", root}};
    list([&](const ChunkId& id) { return Buffer::copy_of(objects.at(id)); }, root.directory, "", out);
    return out;
  }
  static void list(const GetObject& get, const ChunkId& id, const std::string& path, std::map<std::string, Entry>& out) {
    DirectoryReader reader(get, id);
    while (const Entry* next = reader.next()) {
      const std::string name = path + next->name;
      out[name] = *next;
      if (next->type == EntryType::kDirectory) list(get, next->directory, name + "/", out);
    }
  }
  ImportTree tree_;
};

TEST_F(ImportTreeTest, AnyOrder) {
  tree_.add("b/c/late", file("1"));
  tree_.add("./a", file("22"));
  tree_.add("b/c/", directory(0711));
  tree_.add("/b/absolute", file("333"));
  tree_.add("./", directory(0751));
  const auto all = stored();
  EXPECT_EQ(all.size(), 6u);
  EXPECT_EQ(all.at("").mode, 0751u);
  EXPECT_EQ(all.at("").name, "root");
  EXPECT_EQ(all.at("").size_bytes, 6u);
  EXPECT_EQ(all.at("").file_count, 3u);
  EXPECT_EQ(all.at("b").mode, 0700u);   // nobody told: as the root was begun
  EXPECT_EQ(all.at("b/c").mode, 0711u);
  EXPECT_EQ(all.at("b/c/late").size_bytes, 1u);
  EXPECT_EQ(all.at("b/absolute").size_bytes, 3u);
}

TEST_F(ImportTreeTest, TheLaterEntryCounts) {
  tree_.add("x", file("old"));
  tree_.add("x", file("new!"));
  tree_.add("d/inside", file("1"));
  tree_.add("d", directory(0500));
  tree_.add("gone/inside", file("1"));
  tree_.add("gone", symlink());
  const auto all = stored();
  EXPECT_EQ(all.at("x").size_bytes, 4u);
  EXPECT_TRUE(all.contains("d/inside"));
  EXPECT_EQ(all.at("gone").type, EntryType::kSymlink);
  EXPECT_FALSE(all.contains("gone/inside"));
}

TEST_F(ImportTreeTest, HardLinksAreOneFile) {
  tree_.add("first", file("same"));
  const std::string target = "./first", second = "d/second";
  tree_.add("d/second", file(""), &target);
  tree_.add("third", file(""), &second);
  tree_.add("alone", file("same"));
  const auto all = stored();
  EXPECT_NE(all.at("first").link_group, 0u);
  EXPECT_EQ(all.at("first").link_group, all.at("d/second").link_group);
  EXPECT_EQ(all.at("first").link_group, all.at("third").link_group);
  EXPECT_EQ(all.at("third").content, all.at("first").content);
  EXPECT_EQ(all.at("alone").link_group, 0u);
}

TEST_F(ImportTreeTest, WhatCannotStandIsRefused) {
  tree_.add("etc", symlink());
  tree_.add("plain", file("x"));
  const std::string missing = "nowhere", outside = "../x", link = "etc", folder = "d";
  tree_.add("d", directory(0700));
  expect_refused("../x", file("x"));
  expect_refused("a/../../x", file("x"));
  expect_refused("..", directory(0700));
  expect_refused("etc/passwd", file("x"));
  expect_refused("plain/beneath", file("x"));
  expect_refused("a", file(""), &missing);
  expect_refused("a", file(""), &outside);
  expect_refused("a", file(""), &link);
  expect_refused("a", file(""), &folder);
  expect_refused(".", file("x"));
  expect_refused(std::string(5000, 'x'), file("x"));
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "d/";
  expect_refused(deep, directory(0700));
  EXPECT_EQ(stored().size(), 4u);
}

}  // namespace
}  // namespace cairn
