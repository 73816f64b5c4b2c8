// What is asked of the storage once only, and that it is never believed blindly.
#include "store/backend/file_cache.h"

#include <gtest/gtest.h>

#include <fstream>

#include "store/backend/kept_pieces.h"
#include "store/format.h"
#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

// A cache owns its backend; this one is shared.
class Borrowed final : public Backend {
 public:
  explicit Borrowed(Backend& inner) : inner_(inner) {}
  std::vector<StoredFile> list(std::string_view prefix) override { return inner_.list(prefix); }
  uint64_t size(std::string_view name) override { return inner_.size(name); }
  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override { return inner_.read(name, offset, length); }
  std::unique_ptr<Upload> create(std::string_view name) override { return inner_.create(name); }
  bool remove(std::string_view name) override { return inner_.remove(name); }
  std::vector<std::string> list_foreign() override { return inner_.list_foreign(); }
  std::string describe() const override { return inner_.describe(); }

 private:
  Backend& inner_;
};

struct FileCacheTest : testing::Test {
  Bytes file(char content) {
    Bytes out(100, static_cast<uint8_t>(content));
    append_trailer(out);
    return out;
  }
  std::unique_ptr<Backend> open() { return with_file_cache(std::make_unique<Borrowed>(memory), dir / "files"); }
  char first(std::string_view name) { return static_cast<char>(read_whole(*open(), name, 1000).view()[0]); }
  TempDir dir;
  MemoryBackend memory;
};

TEST_F(FileCacheTest, ManifestsAndNotesAreReadOnceByThisMachine) {
  for (std::string name : {"snapshots/a", "notes/a", "keys/a", "config", "gc/1", "index/a"}) {
    put(memory, name, file('1'));
    EXPECT_EQ(first(name), '1');
    memory.replace(name, file('2'));   // as no cairn would
    EXPECT_EQ(first(name), name.starts_with("snapshots/") || name.starts_with("notes/") ? '1' : '2') << name;
  }
}

TEST_F(FileCacheTest, WhatThisMachineWroteIsNotReadAtAll) {
  put(*open(), "snapshots/a", file('1'));
  memory.replace("snapshots/a", file('2'));
  EXPECT_EQ(first("snapshots/a"), '1');
}

// Their names are used again after a repository was made anew, or an older state put back.
TEST_F(FileCacheTest, ConfigAndGcListsCountOnlyAsTheyWereListed) {
  for (std::string name : {"config", "gc/1"}) {
    memory.set_clock_ns(1000);
    memory.replace(name, file('1'));
    const auto read = [&] {
      auto cache = open();
      cache->list_several(std::vector<std::string>{"config", "gc/"});
      return static_cast<char>(read_whole(*cache, name, 1000).view()[0]);
    };
    EXPECT_EQ(read(), '1');
    memory.replace(name, file('2'));   // at the same nanosecond
    EXPECT_EQ(read(), '1') << name;
    memory.set_clock_ns(2000);
    memory.replace(name, file('3'));
    EXPECT_EQ(read(), '3') << name;
  }
}

// Directories come from this machine, whoever wrote them; what only has content doesn't.
TEST_F(FileCacheTest, DirectoriesOfPacksWrittenHereAreNotRead) {
  Repository::init(memory, kTestPassword, cheap_options());
  FaultBackend counting(memory);
  const auto cached = [&](const char* folder) { return with_file_cache(std::make_unique<Borrowed>(counting), dir / folder); };
  Manifest manifest;
  {
    auto backend = cached("files");
    Repository repository(*backend, kTestPassword, dir / "cache");
    manifest = back_up(repository, sample_files(1));
  }
  const auto bytes_read = [&](const char* folder) {
    auto backend = cached(folder);
    Repository repository(*backend, kTestPassword, dir / "cache");
    counting.clear();
    ChunkReader reader(*backend, repository.keys(), repository.index(), 0);
    EXPECT_TRUE(find_path(reader.object_source(), manifest.root, "tree/a/b/deep"));
    return counting.bytes_of(Operation::kRead, "packs/");
  };
  EXPECT_EQ(bytes_read("files"), 0u);
  EXPECT_GT(bytes_read("others"), 0u);
  EXPECT_EQ(bytes_read("others"), 0u);
}

// The storage was damaged when the copy was made, and isn't any more.
TEST_F(FileCacheTest, ACopyThatDoesNotOpenIsReadFromTheStorage) {
  Repository::init(memory, kTestPassword, cheap_options());
  Repository repository(memory, kTestPassword, dir / "cache");
  const Manifest manifest = back_up(repository, sample_files(1));
  const auto good = memory.snapshot();
  for (const auto& [name, bytes] : good) {
    if (!name.starts_with("packs/")) continue;
    Bytes damaged = bytes;
    damaged[kFirstFrameOffset + 20] ^= 1;
    memory.replace(name, damaged);
  }
  auto backend = open();
  const auto read = [&] {
    ChunkReader reader(*backend, repository.keys(), repository.index(), 0);
    return code_of([&] { find_path(reader.object_source(), manifest.root, "tree/a/b/deep"); });
  };
  EXPECT_EQ(read(), ErrorCode::kCorrupt);
  for (const auto& [name, bytes] : good) memory.replace(name, bytes);
  EXPECT_EQ(read(), std::nullopt);
  // Damaged on this machine: in every copy, with a hash that fits.
  for (const auto& [name, bytes] : good) {
    if (!name.starts_with("packs/")) continue;
    Bytes damaged = bytes;
    damaged[kFirstFrameOffset + 20] ^= 1;
    KeptPieces(dir / "files/packs", 1 << 20).save(name, 0, ByteView(damaged).first(std::min<size_t>(damaged.size(), KeptPieces::kPieceBytes)));
  }
  backend = open();
  EXPECT_EQ(read(), std::nullopt);
}

TEST_F(FileCacheTest, ADamagedCopyIsFetchedAnew) {
  put(*open(), "snapshots/a", file('1'));
  EXPECT_EQ(first("snapshots/a"), '1');
  size_t copies = 0;
  for (const auto& copy : std::filesystem::directory_iterator(dir / "files")) {
    std::ofstream(copy.path(), std::ios::binary | std::ios::in) << "x";
    ++copies;
  }
  EXPECT_EQ(copies, 1u);
  EXPECT_EQ(first("snapshots/a"), '1');
}

TEST_F(FileCacheTest, WhatIsDamagedInTheStorageIsNotKept) {
  Bytes damaged = file('1');
  damaged[5] ^= 1;
  memory.replace("snapshots/a", damaged);
  read_whole(*open(), "snapshots/a", 1000);
  memory.replace("snapshots/a", file('2'));
  EXPECT_EQ(first("snapshots/a"), '2');
}

TEST_F(FileCacheTest, ListsAndRemovalsAreTheStorages) {
  put(*open(), "snapshots/a", file('1'));
  first("snapshots/a");
  EXPECT_EQ(open()->list("snapshots/").size(), 1u);
  EXPECT_TRUE(open()->remove("snapshots/a"));
  EXPECT_TRUE(open()->list("snapshots/").empty());
  EXPECT_THROW(first("snapshots/a"), Error);
}

TEST_F(FileCacheTest, AFolderThatCannotBeUsedIsNoTrouble) {
  std::ofstream(dir / "files") << "a file in its place";
  put(*open(), "snapshots/a", file('1'));
  EXPECT_EQ(first("snapshots/a"), '1');
}

}  // namespace
}  // namespace cairn
