#include "cli/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

class KeyFileTest : public testing::Test {
 protected:
  std::string write(const std::string& content) {
    std::ofstream(path_, std::ios::binary) << content;
    return path_;
  }
  TempDir folder_;
  std::string path_ = folder_ / "key";
};

TEST_F(KeyFileTest, IsMadeOnceAndUsedFromThenOn) {
  const std::string first(make_key_file(path_).view()), again(make_key_file(path_).view());
  EXPECT_EQ(first.size(), 64U);
  EXPECT_EQ(again, first);
  const Password read = read_key_file(path_);
  EXPECT_EQ(read.view(), first);
  EXPECT_EQ(read.kind(), SlotKind::kKeyFile);
  EXPECT_NE(make_key_file(folder_ / "other").view(), first);
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_EQ(info.st_size, 65);
}

TEST_F(KeyFileTest, OtherFilesAreNoKeysAndStayAsTheyAre) {
  const std::string digits(64, 'a');
  EXPECT_EQ(read_key_file(write(digits)).view(), digits);
  for (const std::string& bad : {std::string(), std::string("correct horse\n"), digits + "a\n", digits + "\n\n", digits.substr(1),
                                 std::string(64, 'A'), std::string(64, 'g')}) {
    EXPECT_THROW(read_key_file(write(bad)), UsageError) << bad;
    EXPECT_THROW(make_key_file(path_), UsageError) << bad;
    std::ifstream in(path_, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), bad);
  }
}

TEST_F(KeyFileTest, WhereThereIsNothing) {
  EXPECT_THROW(read_key_file(path_), Error);
  EXPECT_THROW(make_key_file(folder_ / "missing/key"), Error);
}

}  // namespace
}  // namespace cairn
