#include "ingest/tree/walk.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "store/error.h"
#include "store/fd.h"
#include "tests/ingest/walk_fixture.h"

namespace cairn {
namespace {

TEST_F(Walk, DeliversNamesInByteOrderWithDirectoriesAmongTheRest) {
  for (const char* name : {"b", "a-", "a.txt", "B", "\xc3\xa4", "zz", "a0"}) write(name);
  mkdir("a");
  mkdir("z");
  write("a/2");
  write("a/10");
  EXPECT_EQ(walk(), Lines({" B", "+a", " a/10", " a/2", "-a", " a-", " a.txt", " a0", " b", "+z", "-z", " zz", " \xc3\xa4"}));
  EXPECT_EQ(notes_.errors_, Lines());
  EXPECT_EQ(entries_[""].name, dir_.path().filename());
  EXPECT_EQ(entries_["a/10"].name, "10");
}

TEST_F(Walk, KeepsNamesOfAnyBytes) {
  const std::string longest(255, 'n');
  for (const std::string& name : {std::string("\xff\xfe"), std::string("new\nline"), std::string("-rf"), std::string(" end "),
                                  std::string("\x1b[31m"), std::string("..."), std::string(".x"), longest}) {
    write(name);
  }
  EXPECT_EQ(walk(), Lines({" \x1b[31m", "  end ", " -rf", " ...", " .x", " new\nline", " " + longest, " \xff\xfe"}));
}

TEST_F(Walk, SaysWhatIsThereWithoutFollowingLinks) {
  mkdir("d");
  write("f", "12345");
  const std::string target(3000, 't');
  ASSERT_EQ(::symlink("..", (dir_ / "d/up").c_str()), 0);
  ASSERT_EQ(::symlink("d", (dir_ / "to-directory").c_str()), 0);
  ASSERT_EQ(::symlink("self", (dir_ / "self").c_str()), 0);
  ASSERT_EQ(::symlink(target.c_str(), (dir_ / "long").c_str()), 0);
  ASSERT_EQ(::mkfifo((dir_ / "pipe").c_str(), 0640), 0);
  ASSERT_EQ(::chmod((dir_ / "f").c_str(), 04751), 0);
  EXPECT_EQ(walk(), Lines({"+d", " d/up", "-d", " f", " long", " pipe", " self", " to-directory"}));
  EXPECT_EQ(entries_["d"].type, EntryType::kDirectory);
  EXPECT_EQ(entries_["f"].type, EntryType::kFile);
  EXPECT_EQ(entries_["f"].size_bytes, 5U);
  EXPECT_EQ(entries_["f"].mode, 04751U);
  EXPECT_EQ(entries_["pipe"].type, EntryType::kFifo);
  EXPECT_EQ(entries_["self"].type, EntryType::kSymlink);
  EXPECT_EQ(entries_["d/up"].target, "..");
  EXPECT_EQ(entries_["long"].target, target);
  EXPECT_EQ(entries_["pipe"].target, "");  // nothing is left over from the step before
  struct ::stat found{};
  ASSERT_EQ(::stat((dir_ / "f").c_str(), &found), 0);
  EXPECT_EQ(entries_["f"].inode, found.st_ino);
  EXPECT_EQ(entries_["f"].mtime_ns, found.st_mtim.tv_sec * 1000000000 + found.st_mtim.tv_nsec);
}

TEST_F(Walk, TellsOfHolesByWhatIsAllocated) {
  write("sparse");
  ASSERT_EQ(::truncate((dir_ / "sparse").c_str(), 1 << 30), 0);
  walk([](const TreeWalker&, const WalkStep& step) {
    if (step.path != "sparse") return;
    EXPECT_EQ(step.entry.size_bytes, uint64_t{1} << 30);
    EXPECT_LT(step.allocated_bytes, uint64_t{1} << 20);
  });
}

TEST_F(Walk, GivesTheNamesOfOneFileOneGroup) {
  mkdir("d");
  write("one");
  write("single");
  write("pair");
  for (const char* name : {"two", "d/three"}) ASSERT_EQ(::link((dir_ / "one").c_str(), (dir_ / name).c_str()), 0);
  ASSERT_EQ(::link((dir_ / "pair").c_str(), (dir_ / "pair2").c_str()), 0);
  walk();
  EXPECT_NE(entries_["one"].link_group, 0U);
  EXPECT_EQ(entries_["one"].link_group, entries_["two"].link_group);
  EXPECT_EQ(entries_["one"].link_group, entries_["d/three"].link_group);
  EXPECT_EQ(entries_["pair"].link_group, entries_["pair2"].link_group);
  EXPECT_NE(entries_["pair"].link_group, entries_["one"].link_group);
  EXPECT_EQ(entries_["single"].link_group, 0U);
  EXPECT_EQ(entries_["d"].link_group, 0U);
}

TEST_F(Walk, SkipsAndCountsSockets) {
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  struct ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = dir_ / "socket";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<struct ::sockaddr*>(&address), sizeof address), 0);
  write("z");
  EXPECT_EQ(walk(), Lines({" z"}));
  EXPECT_EQ(sockets_, 1U);
  EXPECT_EQ(notes_.errors_, Lines());
  EXPECT_THROW(TreeWalker(path, options_, notes_), Error);
}

TEST_F(Walk, DeliversDevices) {
  if (::mknod((dir_ / "null").c_str(), S_IFCHR | 0666, ::makedev(1, 3)) != 0) GTEST_SKIP() << "DEVICES NOT TESTED: needs root";
  ASSERT_EQ(::mknod((dir_ / "loop").c_str(), S_IFBLK | 0600, ::makedev(7, 200)), 0);
  EXPECT_EQ(walk(), Lines({" loop", " null"}));
  EXPECT_EQ(entries_["null"].type, EntryType::kCharDevice);
  EXPECT_EQ(entries_["null"].device, ::makedev(1, 3));
  EXPECT_EQ(entries_["loop"].type, EntryType::kBlockDevice);
  EXPECT_EQ(entries_["loop"].device, ::makedev(7, 200));
}

TEST_F(Walk, CapturesTheXattrsOfDirectories) {
  mkdir("d");
  if (::setxattr((dir_ / "d").c_str(), "user.x", "1", 1, 0) != 0) GTEST_SKIP() << "XATTRS NOT TESTED: not supported here";
  write("d/f");
  ASSERT_EQ(::setxattr((dir_ / "d/f").c_str(), "user.x", "1", 1, 0), 0);
  walk();
  ASSERT_EQ(entries_["d"].xattrs.size(), 1U);
  EXPECT_EQ(entries_["d"].xattrs[0].name, "user.x");
  EXPECT_TRUE(entries_["d/f"].xattrs.empty());  // whoever opens the file captures them
}

TEST_F(Walk, HandsOutDirectoriesToOpenFilesIn) {
  mkdir("d");
  write("d/f", "content");
  walk([](const TreeWalker& walker, const WalkStep& step) {
    struct ::stat directory{};
    ASSERT_EQ(::fstat(walker.directory_fd(), &directory), 0);
    if (step.kind == WalkStep::Kind::kEnter) {
      EXPECT_EQ(directory.st_ino, step.entry.inode);
    }
    if (step.kind != WalkStep::Kind::kEntry) return;
    const Fd file(::openat(walker.directory_fd(), walker.open_name().c_str(), O_RDONLY | O_CLOEXEC));
    struct ::stat found{};
    ASSERT_EQ(::fstat(file.get(), &found), 0);
    EXPECT_EQ(found.st_ino, step.entry.inode);
  });
}

TEST_F(Walk, TellsOfWhatVanishedMeanwhile) {
  write("a");
  mkdir("b");
  write("c");
  const Lines lines = walk([&](const TreeWalker&, const WalkStep& step) {
    if (step.path != "a") return;
    std::filesystem::remove(dir_ / "b");
    std::filesystem::remove(dir_ / "c");
  });
  EXPECT_EQ(lines, Lines({" a"}));
  ASSERT_EQ(notes_.errors_.size(), 2U);
  EXPECT_EQ(notes_.errors_[0].find(root() + "/b: vanished"), 0U) << notes_.errors_[0];
  EXPECT_EQ(notes_.errors_[1].find(root() + "/c: vanished"), 0U) << notes_.errors_[1];
}

TEST_F(Walk, SeesADirectoryReplacedByALinkAsALink) {
  mkdir("a");
  mkdir("b");
  write("b/secret");
  const Lines lines = walk([&](const TreeWalker&, const WalkStep& step) {
    if (step.path != "a" || step.kind != WalkStep::Kind::kEnter) return;
    std::filesystem::rename(dir_ / "b", dir_ / "c");
    std::filesystem::create_symlink("c", dir_ / "b");
  });
  EXPECT_EQ(lines, Lines({"+a", "-a", " b"}));
  EXPECT_EQ(entries_["b"].target, "c");
}

TEST_F(Walk, DeliversAnUnreadableDirectoryEmptyAndGoesOn) {
  mkdir("closed");
  write("closed/f");
  write("z");
  ASSERT_EQ(::chmod(root().c_str(), 0755), 0);
  ASSERT_EQ(::chmod((dir_ / "closed").c_str(), 0), 0);
  const std::string report = ::testing::TempDir() + "cairn-walk-report-" + std::to_string(::getpid());
  const pid_t pid = ::fork();
  if (pid == 0) {  // root reads everything, so this runs as somebody else
    std::ofstream out(report);
    if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
    for (const std::string& line : walk()) out << line << '\n';
    for (const std::string& line : notes_.errors_) out << line << '\n';
    out.close();
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(::chmod((dir_ / "closed").c_str(), 0755), 0);  // so that it can be removed
  std::ifstream in(report);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::filesystem::remove(report);
  EXPECT_EQ(lines, Lines({"+closed", "-closed", " z", root() + "/closed: can't be read: Permission denied"}));
}

TEST_F(Walk, TakesAFileOrALinkAsRoot) {
  mkdir("data");
  write("data/real", "abc");
  ASSERT_EQ(::symlink("data/real", (dir_ / "file-link").c_str()), 0);
  ASSERT_EQ(::symlink("data", (dir_ / "current").c_str()), 0);
  WalkStep step;
  TreeWalker file(dir_ / "file-link", options_, notes_);
  ASSERT_TRUE(file.next(step));
  EXPECT_EQ(step.kind, WalkStep::Kind::kEntry);
  EXPECT_EQ(step.entry.name, "file-link");
  EXPECT_EQ(step.entry.type, EntryType::kFile);
  EXPECT_EQ(step.path, "");
  EXPECT_EQ(file.open_name(), "real");
  EXPECT_TRUE(Fd(::openat(file.directory_fd(), file.open_name().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)));
  EXPECT_FALSE(file.next(step));

  TreeWalker directory(dir_ / "current//", options_, notes_);
  ASSERT_TRUE(directory.next(step));
  EXPECT_EQ(step.kind, WalkStep::Kind::kEnter);
  EXPECT_EQ(step.entry.name, "current");
  ASSERT_TRUE(directory.next(step));
  EXPECT_EQ(step.path, "real");
  ASSERT_TRUE(directory.next(step));
  EXPECT_EQ(step.kind, WalkStep::Kind::kLeave);
  EXPECT_EQ(step.entry.name, "current");
  EXPECT_FALSE(directory.next(step));
}

TEST_F(Walk, NamesTheRootOfEverythingByNothing) {
  TreeWalker walker("/", options_, notes_);
  WalkStep step;
  ASSERT_TRUE(walker.next(step));
  EXPECT_EQ(step.entry.name, "");
  ASSERT_TRUE(walker.next(step));
  EXPECT_EQ(step.path, step.entry.name);
}

TEST_F(Walk, ThrowsWhenTheRootIsNotThere) {
  const auto code_of = [&](const std::string& path) {
    try {
      TreeWalker(path, options_, notes_);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
      return error.code();
    }
    return ErrorCode::kUnsupported;
  };
  ASSERT_EQ(::symlink("nowhere", (dir_ / "dangling").c_str()), 0);
  EXPECT_EQ(code_of(dir_ / "missing"), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(dir_ / "dangling"), ErrorCode::kNotFound);
}

TEST_F(Walk, LeavesOutWhatTheFilterExcludes) {
  for (const char* name : {"cache", "cache/d", "keep", "keep/cache", "build"}) mkdir(name);
  for (const char* name : {"cache/f", "keep/x.o", "keep/x.c", "keep/cache/f", "build/x", "y.o", "keep.o", "tmp"}) write(name);
  write("big", std::string(101, 'b'));
  write("fits", std::string(100, 'b'));
  for (const char* pattern : {"*.o", "!keep.o", "/cache/", "tmp/"}) options_.filter.exclude.add(pattern);
  options_.filter.exclude.add(root() + "/build");
  options_.filter.exclude_larger_than_bytes = 100;
  EXPECT_EQ(walk(), Lines({" fits", "+keep", "+keep/cache", " keep/cache/f", "-keep/cache", " keep/x.c", "-keep", " keep.o",
                           " tmp"}));
  EXPECT_EQ(excluded_, 5U);  // cache, build, big and two *.o
}

TEST_F(Walk, DoesNotLookAtExcludedPaths) {
  write("a");
  write("b");
  options_.filter.exclude.add("b");
  const Lines lines = walk([&](const TreeWalker&, const WalkStep& step) {
    if (step.path == "a") std::filesystem::remove(dir_ / "b");
  });
  EXPECT_EQ(lines, Lines({" a"}));
  EXPECT_EQ(notes_.errors_, Lines());
}

TEST_F(Walk, KeepsOnlyTheTagOfACacheDirectory) {
  const std::string signature = "Signature: 8a477f597d28d172789f06886806bc55";
  for (const char* name : {"fake", "fifo", "real", "real/d"}) mkdir(name);
  write("real/CACHEDIR.TAG", signature + "\n# a comment");
  write("fake/CACHEDIR.TAG", signature.substr(0, 42));
  ASSERT_EQ(::mkfifo((dir_ / "fifo/CACHEDIR.TAG").c_str(), 0600), 0);  // must not hang
  for (const char* name : {"real/a", "real/z", "fake/a", "fifo/a"}) write(name);
  options_.filter.exclude_caches = true;
  EXPECT_EQ(walk(), Lines({"+fake", " fake/CACHEDIR.TAG", " fake/a", "-fake", "+fifo", " fifo/CACHEDIR.TAG", " fifo/a", "-fifo",
                           "+real", " real/CACHEDIR.TAG", "-real"}));
  EXPECT_EQ(excluded_, 3U);
  options_.filter.exclude_caches = false;
  EXPECT_EQ(walk().size(), 15U);
}

class Mounted {
 public:
  Mounted(const std::string& source, const std::string& on, const char* type, unsigned long flags)
      : on_(on), done_(::mount(source.c_str(), on.c_str(), type, flags, nullptr) == 0) {}
  Mounted(const Mounted&) = delete;
  ~Mounted() {
    if (done_) ::umount2(on_.c_str(), MNT_DETACH);
  }
  bool done() const { return done_; }

 private:
  std::string on_;
  bool done_;
};

TEST_F(Walk, StaysOnOneFileSystemWhenAsked) {
  mkdir("a");
  mkdir("mnt");
  const Mounted mounted("none", dir_ / "mnt", "tmpfs", 0);
  if (!mounted.done()) GTEST_SKIP() << "MOUNTS NOT TESTED: needs root";
  write("a/f");
  write("mnt/inside");
  write("z");
  EXPECT_EQ(walk(), Lines({"+a", " a/f", "-a", "+mnt", " mnt/inside", "-mnt", " z"}));
  options_.one_file_system = true;
  const Lines lines = walk([](const TreeWalker& walker, const WalkStep& step) {
    if (step.path == "mnt") {
      EXPECT_EQ(walker.directory_fd(), -1);  // not even opened: that could hang
    }
  });
  EXPECT_EQ(lines, Lines({"+a", " a/f", "-a", "+mnt", "-mnt", " z"}));
  EXPECT_EQ(notes_.errors_, Lines());
}

TEST_F(Walk, DoesNotEnterADirectoryMountedInsideItself) {
  mkdir("a");
  mkdir("a/again");
  write("a/f");
  const Mounted mounted(dir_ / "a", dir_ / "a/again", nullptr, MS_BIND);
  if (!mounted.done()) GTEST_SKIP() << "BIND MOUNTS NOT TESTED: needs root";
  EXPECT_EQ(walk(), Lines({"+a", "+a/again", "-a/again", " a/f", "-a"}));
  EXPECT_EQ(notes_.warnings_.size(), 1U);
}

TEST_F(Walk, ListsMoreNamesThanOneBlockHolds) {
  write("f");
  const std::string tail(120, 'n');
  constexpr int kNames = 15000;
  for (int i = 0; i < kNames; ++i) {
    const std::string name = std::to_string(i) + tail;
    ASSERT_EQ(::link((dir_ / "f").c_str(), (dir_ / name).c_str()), 0);
  }
  const Lines lines = walk();
  EXPECT_EQ(lines.size(), kNames + 1U);
  EXPECT_TRUE(std::is_sorted(lines.begin(), lines.end()));
  EXPECT_EQ(std::adjacent_find(lines.begin(), lines.end()), lines.end());
}

TEST_F(Walk, StopsWhenInterrupted) {
  write("a");
  EXPECT_THROW(walk([&](const TreeWalker&, const WalkStep&) { notes_.interrupted_ = true; }), Error);
}

}  // namespace
}  // namespace cairn
