#include "ingest/tree/beneath.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

Fd open_root(const std::string& path) { return Fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)); }

ino_t inode_of(int fd) {
  struct ::stat now{};
  return ::fstat(fd, &now) == 0 ? now.st_ino : 0;
}

// Both ways: with openat2, and element by element.
class BeneathBothWays : public testing::TestWithParam<bool> {
 protected:
  Beneath open() { return Beneath(open_root(dir_ / "root"), GetParam()); }
  void SetUp() override {
    fs::create_directories(dir_ / "root/a/b/c");
    fs::create_directories(dir_ / "outside/c");
  }
  TempDir dir_;
};
INSTANTIATE_TEST_SUITE_P(Ways, BeneathBothWays, testing::Bool(),
                         [](const auto& way) { return std::string(way.param ? "Portable" : "Openat2"); });

TEST(Beneath, PathsAreElementsSeparatedBySlashes) {
  for (const char* good : {"a", "a/b", "...", "a/..b", " ", "-x", "a\nb", "\xff/\xfe"}) EXPECT_TRUE(valid_path(good)) << good;
  for (const char* bad : {"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "a/./b"})
    EXPECT_FALSE(valid_path(bad)) << bad;
  EXPECT_FALSE(valid_path(std::string_view("a\0b", 3)));
  EXPECT_FALSE(valid_path(std::string_view("a/\0", 3)));
}

TEST(Beneath, SplitsTheLastElementOff) {
  EXPECT_EQ(split_path("a/b/c").directory, "a/b");
  EXPECT_EQ(split_path("a/b/c").name, "c");
  EXPECT_EQ(split_path("c").directory, "");
  EXPECT_EQ(split_path("c").name, "c");
}

TEST_P(BeneathBothWays, OpensTheRootAndWhatIsBeneath) {
  Beneath beneath = open();
  EXPECT_EQ(beneath.portable(), GetParam());  // this kernel has openat2
  struct ::stat expected{};
  ASSERT_EQ(::stat((dir_ / "root/a/b/c").c_str(), &expected), 0);
  EXPECT_EQ(inode_of(beneath.open_directory("a/b/c").get()), expected.st_ino);
  ASSERT_EQ(::stat((dir_ / "root").c_str(), &expected), 0);
  EXPECT_EQ(inode_of(beneath.open_directory("").get()), expected.st_ino);
}

TEST_P(BeneathBothWays, SaysWhatIsMissing) {
  EXPECT_LT(open().open_directory("a/nothing/c").get(), 0);
  EXPECT_EQ(errno, ENOENT);
}

TEST_P(BeneathBothWays, FollowsNoSymlinkAtAnyElement) {
  for (const char* at : {"a", "a/b", "a/b/c"}) {
    for (const std::string& target : {dir_ / "outside", std::string("."), dir_ / "root/a", std::string("/proc/self/cwd")}) {
      fs::rename(dir_.path() / "root" / at, dir_ / "kept");
      fs::create_symlink(target, dir_.path() / "root" / at);
      errno = 0;
      EXPECT_LT(open().open_directory("a/b/c").get(), 0) << at << " -> " << target;
      EXPECT_TRUE(errno == ELOOP || errno == ENOTDIR) << errno;
      fs::remove(dir_.path() / "root" / at);
      fs::rename(dir_ / "kept", dir_.path() / "root" / at);
    }
  }
}

TEST_P(BeneathBothWays, OpensPathsLongerThanTheKernelTakes) {
  Beneath beneath = open();
  std::string path = "a/b/c";
  Fd at = beneath.open_directory(path);
  while (path.size() < 3 * PATH_MAX) {
    std::string name(path.size() % 200 + 1, 'd');
    ASSERT_EQ(::mkdirat(at.get(), name.c_str(), 0700), 0);
    at = Fd(::openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    path += "/" + name;
  }
  Fd found = beneath.open_directory(path);
  ASSERT_GE(found.get(), 0);
  EXPECT_EQ(inode_of(found.get()), inode_of(at.get()));
  // A symlink in the second stretch.
  ASSERT_EQ(::symlinkat("/", at.get(), "link"), 0);
  EXPECT_LT(beneath.open_directory(path + "/link/tmp").get(), 0);
  EXPECT_LT(beneath.open_directory(path + "/" + std::string(4096, 'x')).get(), 0);
  EXPECT_EQ(errno, ENAMETOOLONG);
}

TEST(FdCache, KeepsTheMostRecentlyUsedAndWhatIsPinned) {
  TempDir dir;
  FdCache cache(2);
  FdCache::Pin pinned = cache.insert("pinned", open_root(dir.path()));
  for (const char* name : {"a", "b", "c"}) cache.insert(name, open_root(dir.path()));
  EXPECT_TRUE(cache.find("pinned"));
  EXPECT_FALSE(cache.find("a"));
  EXPECT_FALSE(cache.find("b"));
  EXPECT_GT(inode_of(pinned.fd()), 0U);
}

TEST(FdCache, ForgetsAName) {
  TempDir dir;
  FdCache cache(4);
  FdCache::Pin pin = cache.insert("a", open_root(dir.path()));
  cache.forget("a");
  cache.forget("a");
  EXPECT_FALSE(cache.find("a"));
  EXPECT_GT(inode_of(pin.fd()), 0U) << "whoever has it may go on";
  int before = pin.fd();
  FdCache::Pin other = cache.insert("a", open_root(dir.path()));
  EXPECT_NE(other.fd(), before);
}

TEST(FdCache, TheFirstDescriptorOfANameStays) {
  TempDir dir;
  FdCache cache(4);
  FdCache::Pin first = cache.insert("a", open_root(dir.path()));
  EXPECT_EQ(cache.insert("a", open_root(dir.path())).fd(), first.fd());
}

TEST(FdCache, ServesManyThreads) {
  TempDir dir;
  FdCache cache(3);
  ino_t expected = inode_of(open_root(dir.path()).get());
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 3000; ++i) {
        std::string name(1, static_cast<char>('a' + (i * 7 + t) % 6));
        if (i % 50 == 0) cache.forget(name);
        auto pin = cache.find(name);
        FdCache::Pin use = pin ? std::move(*pin) : cache.insert(name, open_root(dir.path()));
        if (inode_of(use.fd()) != expected) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace cairn
