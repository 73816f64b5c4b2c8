// Trees deeper than a path can be long and than we may have directories open.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "ingest/tree/walk.h"
#include "store/fd.h"
#include "tests/ingest/walk_fixture.h"

namespace cairn {
namespace {

class DeepWalk : public Walk {};

// top/d/d/d/…: `depth` directories, each with a file "z" that comes behind if `with_files`.
void make_deep(const std::string& top, int depth, bool with_files = true) {
  Fd at(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < depth; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), "d", 0755), 0);
    at = Fd(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!with_files) continue;
    ASSERT_TRUE(Fd(::openat(at.get(), "z", O_WRONLY | O_CREAT | O_CLOEXEC, 0644)));
  }
}

// With paths of any length out of the way: the second directory is lifted before the first is removed.
void remove_deep(const std::string& top) {
  const std::string first = top + "/d", lifted = top + "/lifted";
  while (::access(first.c_str(), F_OK) == 0) {
    ::unlink((first + "/z").c_str());
    const bool more = ::rename((first + "/d").c_str(), lifted.c_str()) == 0;
    if (::rmdir(first.c_str()) != 0) return;
    if (more) ::rename(lifted.c_str(), first.c_str());
  }
}

size_t open_descriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST_F(DeepWalk, ReachesDeeperThanAPathCanSay) {
  constexpr int kDepth = 3000;  // paths of 6,000 bytes, beyond PATH_MAX
  make_deep(root(), kDepth);
  const size_t before = open_descriptors();
  size_t files = 0, directories = 0, most_open = 0, longest = 0;
  walk([&](const TreeWalker& walker, const WalkStep& step) {
    longest = std::max(longest, step.path.size());
    if (step.kind == WalkStep::Kind::kEnter && ++directories % 500 == 0) most_open = std::max(most_open, open_descriptors());
    if (step.kind != WalkStep::Kind::kEntry) return;
    if (++files % 500 == 0) most_open = std::max(most_open, open_descriptors());
    struct ::stat found{};
    ASSERT_EQ(::fstatat(walker.directory_fd(), walker.open_name().c_str(), &found, 0), 0);
    ASSERT_EQ(found.st_ino, step.entry.inode);
  });
  remove_deep(root());
  EXPECT_EQ(notes_.errors_, Lines());
  EXPECT_EQ(directories, kDepth + 1U);
  EXPECT_EQ(files, size_t{kDepth});
  EXPECT_EQ(longest, 2U * kDepth + 1);
  EXPECT_LE(most_open, before + 140);
}

TEST_F(DeepWalk, BoundsItsDescriptorsInEveryDeepBranch) {
  for (const char* name : {"a", "b"}) {
    mkdir(name);
    make_deep(dir_ / name, 400, false);
  }
  const size_t before = open_descriptors();
  size_t most_open = 0, directories = 0;
  walk([&](const TreeWalker&, const WalkStep& step) {
    if (step.kind == WalkStep::Kind::kEnter && ++directories % 50 == 0) most_open = std::max(most_open, open_descriptors());
  });
  EXPECT_EQ(directories, 803U);
  EXPECT_LE(most_open, before + 140);
}

TEST_F(DeepWalk, StopsAtTheDeepestATreeMayBe) {
  make_deep(root(), 4100);
  size_t directories = 0;
  walk([&](const TreeWalker&, const WalkStep& step) { directories += step.kind == WalkStep::Kind::kEnter; });
  remove_deep(root());
  EXPECT_EQ(directories, 4097U);
  ASSERT_EQ(notes_.errors_.size(), 1U);
  EXPECT_NE(notes_.errors_[0].find("nested deeper than 4096"), std::string::npos);
}

TEST_F(DeepWalk, GoesOnWithWhatIsLeftWhenADeepTreeIsMoved) {
  constexpr int kDepth = 300;
  make_deep(root(), kDepth);
  mkdir("y");
  write("y/last");
  const Lines lines = walk([&](const TreeWalker&, const WalkStep& step) {
    if (step.path.size() != 2 * kDepth - 1 || step.kind != WalkStep::Kind::kEnter) return;
    std::filesystem::rename(dir_ / "d", dir_ / "moved");
    make_deep(root(), kDepth);  // other directories by the same names
  });
  remove_deep(root());
  std::filesystem::rename(dir_ / "moved", dir_ / "d");
  remove_deep(root());
  EXPECT_NE(std::find(lines.begin(), lines.end(), " y/last"), lines.end());
  const auto files = std::count_if(lines.begin(), lines.end(), [](const std::string& line) { return line[0] == ' '; });
  EXPECT_EQ(static_cast<size_t>(files) + notes_.errors_.size(), kDepth + 1U);  // saved or reported, each of them
  EXPECT_GT(notes_.errors_.size(), 150U);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const std::string& line) { return line[0] == '+'; }),
            std::count_if(lines.begin(), lines.end(), [](const std::string& line) { return line[0] == '-'; }));
}

}  // namespace
}  // namespace cairn
