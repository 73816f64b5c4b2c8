#include "ingest/restore/new_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}
size_t names_in(const std::filesystem::path& path) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
}

TEST(NewFile, AppearsWhenItIsWhole) {
  const TempDir dir;
  const std::string path = dir / "out.rdb", long_text(1'000'000, 'x');
  {
    NewFile file(path);
    file.write(view("head "));
    file.write(view(long_text));
    EXPECT_FALSE(std::filesystem::exists(path));
    file.publish(false);
  }
  EXPECT_TRUE(content(path) == "head " + long_text);
  EXPECT_EQ(names_in(dir.path()), 1u);
  struct ::stat facts {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600u);
}

TEST(NewFile, LeavesNothingUnlessItIsPublished) {
  const TempDir dir;
  { NewFile(dir / "out").write(view("half")); }
  EXPECT_EQ(names_in(dir.path()), 0u);
}

TEST(NewFile, ReplacesOnlyWhenItMay) {
  const TempDir dir;
  std::ofstream(dir / "out") << "old";
  NewFile file(dir / "out");
  file.write(view("new"));
  try {
    file.publish(false);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(std::string(e.what()).find("is there already"), std::string::npos);
  }
  EXPECT_EQ(content(dir / "out"), "old");
  NewFile second(dir / "out");
  second.write(view("new"));
  second.publish(true);
  EXPECT_EQ(content(dir / "out"), "new");
}

TEST(NewFile, NeedsADirectoryAndAName) {
  const TempDir dir;
  EXPECT_THROW(NewFile(dir / "nosuch/out"), Error);
  EXPECT_THROW(NewFile(dir / ""), Error);
  EXPECT_THROW(NewFile(dir / ".."), Error);
}

}  // namespace
}  // namespace cairn
