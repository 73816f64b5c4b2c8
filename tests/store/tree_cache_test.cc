#include "store/cache/tree_cache.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/store/store_fixture.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

class TreeCacheTest : public testing::Test {
 protected:
  Manifest manifest(uint64_t sequence, std::vector<std::string> components, const std::string& host = "host") {
    Manifest m;
    m.id = random_id<SnapshotId>();
    m.author = keys_.certificate.client();
    m.host = host;
    m.sequence = sequence;
    m.time_ns = static_cast<int64_t>(sequence);
    m.root = keys_.chunk_id(noise(10, sequence));
    for (const std::string& name : components) m.components.emplace_back().name = name;
    return m;
  }
  Manifest save(const Manifest& m, const std::vector<Bytes>& objects) {
    TreeCacheWriter writer(folder_.path().string(), keys_);
    for (const Bytes& object : objects) writer.add(keys_.chunk_id(object), object);
    writer.finish(m);
    EXPECT_EQ(writer.trouble(), "");
    return m;
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(folder_.path() / "trees")) out.push_back(entry.path());
    return out;
  }
  size_t usable(const Keyring& keys) const { return TreeCaches(folder_.path().string(), keys).manifests().size(); }

  TempDir folder_;
  Keyring keys_ = make_keyring(random_id<RepositoryId>(), 1);
};

TEST_F(TreeCacheTest, GivesBackWhatWasPut) {
  std::vector<Bytes> objects;
  for (uint64_t i = 0; i < 500; ++i) objects.push_back(noise(i * 37, i + 1));
  objects.push_back(objects[7]);
  const Manifest m = save(manifest(3, {"etc"}), objects);
  TreeCaches caches(folder_.path().string(), keys_);
  ASSERT_EQ(caches.manifests().size(), 1U);
  EXPECT_EQ(caches.manifests()[0].encode_content(), m.encode_content());
  EXPECT_EQ(caches.manifests()[0].id, m.id);
  EXPECT_EQ(caches.manifests()[0].author, m.author);
  for (const Bytes& object : objects) EXPECT_TRUE(std::ranges::equal(caches.get(keys_.chunk_id(object)).view(), object));
  EXPECT_EQ(code_of([&] { caches.get(random_id<ChunkId>()); }), ErrorCode::kNotFound);
}

TEST_F(TreeCacheTest, NothingInItCanBeReadWithoutAKey) {
  const Bytes secret = noise(64, 1);
  Manifest m = manifest(1, {"a-name-nobody-should-see"});
  save(m, {secret});
  std::ifstream in(files().at(0), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  EXPECT_EQ(bytes.find("a-name-nobody"), std::string::npos);
  EXPECT_EQ(bytes.find(std::string(secret.begin(), secret.end())), std::string::npos);
  const Keyring other = make_keyring(keys_.repository, 1);
  EXPECT_EQ(usable(other), 0U);
  EXPECT_EQ(usable(keys_.for_role(Role::kWriter, 1)), 1U);
}

// Each flipped byte: no cache at all, or objects that are refused; never other bytes.
TEST_F(TreeCacheTest, NoFlippedOrMissingByteIsEverBelieved) {
  const std::vector<Bytes> objects{noise(40, 1), noise(90, 2)};
  save(manifest(1, {"etc"}), objects);
  const fs::path path = files().at(0);
  std::ifstream in(path, std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(in), {});
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    std::ofstream(path, std::ios::binary) << bad;
    TreeCaches caches(folder_.path().string(), keys_);
    size_t refused = 0;
    for (const Bytes& object : objects) {
      Buffer got;
      if (code_of([&] { got = caches.get(keys_.chunk_id(object)); })) ++refused;
      else EXPECT_TRUE(std::ranges::equal(got.view(), object)) << at;
    }
    EXPECT_GE(refused, 1U) << at;
    std::ofstream(path, std::ios::binary) << whole.substr(0, at);
    EXPECT_EQ(usable(keys_), 0U) << at;
  }
}

TEST_F(TreeCacheTest, OnlyTheNewestOfEachComponentAndHostIsKept) {
  save(manifest(1, {"etc", "srv"}), {});
  save(manifest(2, {"etc"}), {});
  EXPECT_EQ(usable(keys_), 2U);   // srv is in the first only
  save(manifest(3, {"srv"}), {});
  EXPECT_EQ(usable(keys_), 2U);
  save(manifest(4, {"etc", "srv"}, "other host"), {});
  EXPECT_EQ(usable(keys_), 3U);
  const Manifest last = save(manifest(5, {"etc", "srv"}), {});
  EXPECT_EQ(usable(keys_), 2U);
  EXPECT_EQ(TreeCaches(folder_.path().string(), keys_).manifests().back().id, last.id);
}

TEST_F(TreeCacheTest, WhatIsNoCacheIsClearedAwayAndWhatIsBeingWrittenIsNot) {
  save(manifest(1, {"etc"}), {});
  const fs::path trees = folder_.path() / "trees";
  std::ofstream(trees / "rubbish") << "rubbish";
  std::ofstream(trees / "empty") << "";
  std::ofstream(trees / "new-abandoned") << "old";
  fs::last_write_time(trees / "new-abandoned", fs::file_time_type::clock::now() - std::chrono::hours(48));
  TreeCacheWriter running(folder_.path().string(), keys_);
  save(manifest(2, {"etc"}), {});
  EXPECT_EQ(files().size(), 2U);   // the newest, and the one that is being written
  EXPECT_EQ(usable(keys_), 1U);
}

TEST_F(TreeCacheTest, WithoutASnapshotNothingStays) {
  { TreeCacheWriter writer(folder_.path().string(), keys_); }
  EXPECT_TRUE(files().empty());
}

TEST_F(TreeCacheTest, AFolderThatCannotBeWrittenIsToldAndNoMore) {
  std::ofstream(folder_ / "file") << "";
  TreeCacheWriter writer(folder_ / "file", keys_);
  writer.add(keys_.chunk_id(noise(9, 1)), noise(9, 1));
  writer.finish(manifest(1, {"etc"}));
  EXPECT_NE(writer.trouble(), "");
  EXPECT_TRUE(TreeCaches(folder_ / "file", keys_).manifests().empty());
}

}  // namespace
}  // namespace cairn
