// Copies that are bounded and never believed blindly.
#include "store/backend/kept_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

struct KeptFilesTest : testing::Test {
  std::string content(const KeptFiles& files, const std::string& leaf) {
    const auto bytes = files.load(leaf, 1 << 20);
    return bytes ? std::string(text(*bytes)) : "none";
  }
  TempDir dir;
};

TEST_F(KeptFilesTest, GivesBackWhatWasSavedAlsoToTheNextProcess) {
  KeptFiles(dir / "kept", 1 << 20).save("a", view("hello"));
  KeptFiles files(dir / "kept", 1 << 20);
  EXPECT_EQ(content(files, "a"), "hello");
  EXPECT_EQ(content(files, "b"), "none");
  files.save("a", view("other"));
  EXPECT_EQ(content(files, "a"), "other");
  EXPECT_TRUE(files.remove("a"));
  EXPECT_FALSE(files.remove("a"));
  EXPECT_EQ(content(files, "a"), "none");
}

TEST_F(KeptFilesTest, DropsWhatIsDamagedCutShortOrUnderAnotherName) {
  KeptFiles files(dir / "kept", 1 << 20);
  for (const std::string leaf : {"flipped", "short", "empty"}) files.save(leaf, view("some bytes"));
  std::fstream(dir / "kept/flipped", std::ios::in | std::ios::out | std::ios::binary) << "S";
  std::filesystem::resize_file(dir / "kept/short", 20);
  std::filesystem::resize_file(dir / "kept/empty", 0);
  files.save("a", view("of a"));
  std::filesystem::copy_file(dir / "kept/a", dir / "kept/b");
  for (const std::string leaf : {"flipped", "short", "empty", "b"}) {
    EXPECT_EQ(content(files, leaf), "none") << leaf;
    EXPECT_FALSE(std::filesystem::exists(dir / ("kept/" + leaf))) << leaf;
  }
  EXPECT_EQ(content(files, "a"), "of a");
}

TEST_F(KeptFilesTest, StaysBelowItsBoundAndLosesWhatWasLongestUnused) {
  constexpr uint64_t kMostBytes = 1 << 20;
  const Bytes block(10'000, 7);
  KeptFiles files(dir / "kept", kMostBytes);
  for (int i = 0; i < 300; ++i) {
    files.save(std::to_string(i), block);
    // Earlier ones are older than the clock of a file system can tell; the first is used all the time.
    const auto path = dir / ("kept/" + std::to_string(i));
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(301 - i));
    EXPECT_NE(content(files, "0"), "none") << i;
  }
  uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(dir / "kept")) bytes += file.file_size();
  EXPECT_LE(bytes, kMostBytes + kMostBytes / 8);
  EXPECT_GE(bytes, kMostBytes / 2);
  EXPECT_EQ(content(files, "1"), "none");
  EXPECT_NE(content(files, "299"), "none");
}

}  // namespace
}  // namespace cairn
