// Thousands of single flipped bits all over a repository: the right bytes or an error, never wrong ones.
#include "store/index/segment.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

constexpr int kFlips = 5000;

class FlipsTest : public StoreTest {
 protected:
  FlipsTest() : repository_(open()) {
    for (int i = 0; i < 2; ++i) manifests_.push_back(back_up(repository_, contents_[i], i + 1));
    for (const StoredFile& file : memory.list("packs/")) {
      auto id = *id_in_name<PackId>(file.name);
      packs_[file.name] = read_directory(memory, repository_.keys(), id, file.size_bytes).encode_body();
    }
    for (const StoredFile& file : memory.list("index/"))
      segment_packs_[file.name] = decode_segment(read_whole(memory, file.name, 1 << 20), *id_in_name<SegmentId>(file.name), repository_.keys()).size();
    pristine_ = memory.snapshot();
    for (const auto& [name, bytes] : pristine_) total_bytes_ += bytes.size();
  }
  // Reads everything; wrong bytes are the only failure.
  void expect_no_wrong_bytes(Backend& backend) {
    for (size_t i = 0; i < manifests_.size(); ++i) {
      ReadBack read = TestRestore(backend, repository_.keys(), repository_.index()).read(manifests_[i].root);
      for (const auto& [path, bytes] : read.files) {
        ASSERT_TRUE(contents_[i].contains(path)) << path;
        EXPECT_EQ(bytes, contents_[i].at(path)) << path;
      }
    }
  }
  // The file `name` of `hurt` has a flipped bit: it is refused, or gives what it always gave.
  void examine(MemoryBackend& hurt, const std::string& name) {
    const Keyring& keys = repository_.keys();
    std::string kind = name.substr(0, name.find('/'));
    Buffer file = read_whole(hurt, name, 1 << 20);
    if (kind == "packs") {
      auto id = *id_in_name<PackId>(name);
      code_of([&] { EXPECT_EQ(read_directory(hurt, keys, id, file.size()).encode_body(), packs_[name]); });
      EXPECT_EQ(code_of([&] { parse_pack(file, keys, id); }).has_value(), true);
      expect_no_wrong_bytes(hurt);
    } else if (kind == "index") {
      EXPECT_TRUE(code_of([&] { decode_segment(file, *id_in_name<SegmentId>(name), keys); }));
    } else if (kind == "snapshots") {
      EXPECT_TRUE(code_of([&] { Manifest::decode(file, *id_in_name<SnapshotId>(name), keys); }));
    } else if (kind == "keys") {
      EXPECT_TRUE(code_of([&] { KeySlot::open(file, *id_in_name<SlotId>(name), keys.repository, kTestPassword); }));
    } else {
      EXPECT_TRUE(code_of([&] { Config::decode(file); }));
    }
  }

  const Files contents_[2] = {sample_files(1), sample_files(2)};
  Repository repository_;
  std::vector<Manifest> manifests_;
  std::map<std::string, Bytes> packs_;              // bodies of directories
  std::map<std::string, size_t> segment_packs_;
  std::map<std::string, Bytes> pristine_;
  uint64_t total_bytes_ = 0;
};

TEST_F(FlipsTest, NoFlippedBitEverGivesWrongBytes) {
  std::mt19937_64 random(20261120);
  MemoryBackend hurt(pristine_);
  for (int i = 0; i < kFlips && !HasFailure(); ++i) {
    uint64_t at = random() % total_bytes_;
    auto file = pristine_.begin();
    while (at >= file->second.size()) at -= (file++)->second.size();
    Bytes bad = file->second;
    bad[at] ^= static_cast<uint8_t>(1u << random() % 8);
    SCOPED_TRACE("flip " + std::to_string(i) + ": " + file->first + " byte " + std::to_string(at));
    hurt.replace(file->first, bad);
    examine(hurt, file->first);
    if (i % 100 == 0) {   // now and then from the very beginning
      TempDir folder;
      code_of([&] {
        Repository reopened(hurt, kTestPassword, folder / "x");
        EXPECT_FALSE(check_all(reopened).damage.empty());
        expect_no_wrong_bytes(hurt);
      });
    }
    hurt.replace(file->first, file->second);
  }
}

}  // namespace
}  // namespace cairn
