// What is asked of the storage once only, and that it is never believed blindly.
#include "store/backend/file_cache.h"

#include <gtest/gtest.h>

#include <fstream>

#include "store/backend/memory.h"
#include "store/error.h"
#include "store/format.h"
#include "tests/store/fault_backend.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

struct FileCacheTest : testing::Test {
  Bytes file(char content) {
    Bytes out(100, static_cast<uint8_t>(content));
    append_trailer(out);
    return out;
  }
  std::unique_ptr<Backend> open() { return with_file_cache(std::make_unique<FaultBackend>(memory), dir / "files"); }
  char first(std::string_view name) { return static_cast<char>(read_whole(*open(), name, 1000).view()[0]); }
  TempDir dir;
  MemoryBackend memory;
};

TEST_F(FileCacheTest, ManifestsAndNotesAreReadOnceByThisMachine) {
  for (std::string name : {"snapshots/a", "notes/a", "keys/a", "config", "index/a"}) {
    put(*open(), name, file('1'));
    EXPECT_EQ(first(name), '1');
    memory.replace(name, file('2'));   // as no cairn would
    EXPECT_EQ(first(name), name.starts_with("snapshots/") || name.starts_with("notes/") ? '1' : '2') << name;
  }
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
