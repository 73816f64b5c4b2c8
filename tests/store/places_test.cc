#include "store/seen/places.h"

#include <fstream>

#include "store/seen/local_memory.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class PlacesTest : public testing::Test {
 protected:
  std::optional<ErrorCode> verdict(std::string_view place, uint8_t id) {
    return code_of([&] { require_known_place(root_, place, RepositoryId{{id}}); });
  }
  TempDir dir_;
  std::string root_ = dir_ / "cache";
};

TEST_F(PlacesTest, AnotherRepositoryIsRefusedUntilItIsAccepted) {
  EXPECT_EQ(verdict("/a", 1), std::nullopt);   // nothing is known yet
  remember_place(root_, "/a", RepositoryId{{1}});
  remember_place(root_, "/b", RepositoryId{{2}});
  EXPECT_EQ(verdict("/a", 1), std::nullopt);
  EXPECT_EQ(verdict("/a", 2), ErrorCode::kCorrupt);
  EXPECT_EQ(verdict("/c", 2), std::nullopt);
  try {
    require_known_place(root_, "/a", RepositoryId{{2}});
  } catch (const Error& e) {
    for (const char* part : {"/a", "0100", "0200", "--accept-rollback"}) EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
  }
  remember_place(root_, "/a", RepositoryId{{2}});   // two disks that take turns
  EXPECT_EQ(verdict("/a", 1), std::nullopt);
  EXPECT_EQ(verdict("/a", 2), std::nullopt);
  EXPECT_EQ(verdict("/a", 3), ErrorCode::kCorrupt);
}

TEST_F(PlacesTest, OddNamesAndForeignLines) {
  const std::string odd = "/a b\n\xff";
  remember_place(root_, odd, RepositoryId{{1}});
  EXPECT_EQ(verdict(odd, 2), ErrorCode::kCorrupt);
  std::ofstream(root_ + "/places", std::ios::app) << "not a line of ours\n\n";
  EXPECT_EQ(verdict(odd, 1), std::nullopt);
  remember_place(root_, "/c", RepositoryId{{4}});
  EXPECT_EQ(verdict(odd, 2), ErrorCode::kCorrupt);
  EXPECT_EQ(verdict("/c", 5), ErrorCode::kCorrupt);
}

TEST(LocalMemory, IsReplacedWholeOrSaysWhyNot) {
  TempDir dir;
  const std::string path = dir / "a/b/file";
  EXPECT_FALSE(read_memory(path, 100));
  write_memory(path, noise(50, 1));
  write_memory(path, noise(60, 2));
  EXPECT_EQ(read_memory(path, 100), noise(60, 2));
  EXPECT_FALSE(read_memory(path, 59));
  EXPECT_FALSE(read_memory(dir / "a", 100));
  EXPECT_EQ(code_of([&] { write_memory(path + "/c", {}); }), ErrorCode::kIo);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir / "a/b"), {}), 1);
}

}  // namespace
}  // namespace cairn
