#include "ingest/tree/sink.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/limits.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "store/fd.h"
#include "tests/ingest/sink_fixture.h"

namespace cairn {
namespace {

class Sink : public SinkTest {};
INSTANTIATE_TEST_SUITE_P(Ways, Sink, testing::Bool(),
                         [](const auto& way) { return std::string(way.param ? "Portable" : "Openat2"); });

TEST_P(Sink, RestoresAFileWithItsMetadata) {
  TreeSink to = sink();
  to.make_directory("d");
  put(to, "d/f", "content");
  EXPECT_EQ(read(in_target("d/f")), "content");
  struct ::stat now = status_of(in_target("d/f"));
  EXPECT_EQ(now.st_mode & 07777, 0640U);
  EXPECT_EQ(now.st_mtim.tv_sec * 1'000'000'000 + now.st_mtim.tv_nsec, kTime);
  put(to, "empty", "");
  EXPECT_EQ(status_of(in_target("empty")).st_size, 0);
}

TEST_P(Sink, TheSecondFileOfADirectoryGetsItsOwnerToo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  TreeSink to = sink();
  for (const char* d : {"ours", "setgid", "theirs"}) to.make_directory(d);
  ASSERT_EQ(::chown(in_target("setgid").c_str(), 0, 777), 0);
  ASSERT_EQ(::chmod(in_target("setgid").c_str(), 02755), 0);
  ASSERT_EQ(::chown(in_target("theirs").c_str(), 888, 888), 0);
  for (const std::string d : {"ours", "setgid", "theirs"}) {
    for (uint32_t owner : {0U, 0U, 4321U, 777U, 0U}) {
      Entry entry = entry_of(EntryType::kFile);
      entry.uid = entry.gid = owner;
      to.write_file(d + "/f", entry, {});
      EXPECT_EQ(status_of(in_target(d + "/f")).st_uid, owner);
      EXPECT_EQ(status_of(in_target(d + "/f")).st_gid, owner) << d;
    }
  }
}

TEST_P(Sink, InheritedAclsAreRemovedFromEveryFile) {
  fs::create_directory(in_target("d"));
  if (std::system(("setfacl -d -m u:1234:rwx '" + in_target("d") + "' 2>/dev/null").c_str()) != 0) GTEST_SKIP() << "no setfacl";
  TreeSink to = sink();
  for (const char* path : {"d/1", "d/2"}) {
    put(to, path, "x");
    EXPECT_LT(::getxattr(in_target(path).c_str(), "system.posix_acl_access", nullptr, 0), 0);
  }
}

// What new files inherit is asked once a directory, but only while nobody else can change it.
TEST_P(Sink, AnAclGivenToADirectoryMeanwhileIsNotInherited) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  TreeSink to = sink();
  for (const std::string d : {"theirs", "finished"}) {
    to.make_directory(d);
    uid_t owner = d == "theirs" ? 888 : 0;
    ASSERT_EQ(::chown(in_target(d).c_str(), owner, owner), 0);
    put(to, d + "/1", "x");
    if (d == "finished") to.finish_directory(d, entry_of(EntryType::kDirectory));
    if (std::system(("setfacl -d -m u:888:rwx '" + in_target(d) + "' 2>/dev/null").c_str()) != 0) GTEST_SKIP() << "no setfacl";
    put(to, d + "/2", "x");
    EXPECT_LT(::getxattr(in_target(d + "/2").c_str(), "system.posix_acl_access", nullptr, 0), 0) << d;
  }
}

TEST_P(Sink, DirectoriesArePrivateUntilTheyAreFinished) {
  TreeSink to = sink();
  to.make_directory("d");
  EXPECT_EQ(status_of(in_target("d")).st_mode & 07777, 0700U);
  put(to, "d/f", "x");
  to.finish_directory("d", entry_of(EntryType::kDirectory));
  struct ::stat now = status_of(in_target("d"));
  EXPECT_EQ(now.st_mode & 07777, 0755U);
  EXPECT_EQ(now.st_mtim.tv_nsec, 123'456'789);
  to.finish_directory("", entry_of(EntryType::kDirectory));
  EXPECT_EQ(status_of(dir_ / "target").st_mode & 07777, 0755U);
}

TEST_P(Sink, MakesItsTargetAndTheParentsOfIt) {
  TreeSink to(dir_ / "new/parent/target//", Overwrite::kNever, options_, notes_, GetParam());
  put(to, "f", "x");
  EXPECT_EQ(read(dir_ / "new/parent/target/f"), "x");
  EXPECT_EQ(status_of(dir_ / "new/parent/target").st_mode & 07777, 0700U);
  EXPECT_THROW(TreeSink(dir_ / "outside/victim", Overwrite::kNever, options_, notes_), Error);
  EXPECT_THROW(TreeSink("", Overwrite::kNever, options_, notes_), Error);
}

TEST_P(Sink, OverwritesByTheRule) {
  auto wanted = [&](Overwrite rule, const std::string& path, const Entry& entry) { return sink(rule).wanted(path, entry); };
  TreeSink to = sink();
  put(to, "f", "content");
  to.make_symlink("l", link_to("there"));
  to.make_directory("d");
  Entry same = entry_of(EntryType::kFile, 7), longer = entry_of(EntryType::kFile, 8), later = same;
  later.mtime_ns += 1;
  for (Overwrite rule : {Overwrite::kAlways, Overwrite::kChanged, Overwrite::kNever}) {
    bool always = rule == Overwrite::kAlways, replaces = rule != Overwrite::kNever;
    EXPECT_TRUE(wanted(rule, "new", same));
    EXPECT_TRUE(wanted(rule, "no/such/directory", same));
    EXPECT_EQ(wanted(rule, "f", same), always);
    EXPECT_EQ(wanted(rule, "f", longer), replaces);
    EXPECT_EQ(wanted(rule, "f", later), replaces);
    EXPECT_EQ(wanted(rule, "f", link_to("x")), replaces);
    EXPECT_EQ(wanted(rule, "l", link_to("there")), always);
    EXPECT_EQ(wanted(rule, "l", link_to("ther")), replaces);
    EXPECT_EQ(wanted(rule, "l", link_to("there!")), replaces);
    EXPECT_EQ(wanted(rule, "l", same), replaces);
    EXPECT_EQ(wanted(rule, "d", entry_of(EntryType::kDirectory)), replaces);
    EXPECT_THROW(wanted(rule, "d", same), Error);
    EXPECT_THROW(put(to, "d", "x"), Error);
    EXPECT_THROW(to.make_symlink("d", link_to("x")), Error);
  }
  EXPECT_TRUE(fs::is_directory(in_target("d")));
}

TEST_P(Sink, KeepsWhatIsThereWhenToldNeverToReplace) {
  write(in_target("f"), "old");
  fs::create_directory(in_target("d"));
  TreeSink to = sink(Overwrite::kNever);
  EXPECT_THROW(put(to, "f", "new"), Error);
  EXPECT_THROW(to.make_symlink("f", link_to("x")), Error);
  put(to, "other", "x");
  EXPECT_THROW(to.make_hard_link("f", "other"), Error);
  EXPECT_EQ(read(in_target("f")), "old");
  struct ::stat before = status_of(in_target("d"));
  to.make_directory("d");
  to.finish_directory("d", entry_of(EntryType::kDirectory));
  EXPECT_EQ(status_of(in_target("d")).st_mtim.tv_nsec, before.st_mtim.tv_nsec) << "a directory that was there stays as it is";
}

TEST_P(Sink, OtherNamesOfAReplacedFileKeepItsContent) {
  write(in_target("f"), "old");
  fs::create_hard_link(in_target("f"), in_target("other"));
  TreeSink to = sink();
  put(to, "f", "new");
  EXPECT_EQ(read(in_target("f")), "new");
  EXPECT_EQ(read(in_target("other")), "old");
}

TEST_P(Sink, SparseFilesStaySparse) {
  constexpr uint64_t kSize = uint64_t{1} << 30;
  std::string text(4096, 't'), zeros(1 << 20, '\0'), half(2048, '\0');
  std::vector<Piece> pieces = {{1 << 20, view(zeros)}, {kSize / 2, view(text)}, {kSize / 2 + 4096, view(half + text)}};
  std::string mixed = half + text;
  pieces[2].bytes = view(mixed);
  Entry entry = entry_of(EntryType::kFile, kSize);
  TreeSink to = sink();
  to.write_file("small_way", entry, pieces);
  std::string temporary = to.begin_file("large_way", entry);
  for (const Piece& piece : pieces) to.write_piece("large_way", temporary, piece);
  to.finish_file("large_way", temporary, entry);
  for (const char* path : {"small_way", "large_way"}) {
    EXPECT_EQ(status_of(in_target(path)).st_size, static_cast<off_t>(kSize));
    EXPECT_LT(status_of(in_target(path)).st_blocks * 512, 64 << 10);
    Fd fd(to.open_for_reading(path));
    std::string found(6144, 'x');
    ASSERT_EQ(::pread(fd.get(), found.data(), found.size(), kSize / 2 + 4096 - 2048), 6144);
    EXPECT_EQ(found, text.substr(2048) + half + text.substr(2048));
    ASSERT_EQ(::pread(fd.get(), found.data(), found.size(), 1 << 20), 6144);
    EXPECT_EQ(found, std::string(6144, '\0'));
  }
}

TEST_P(Sink, ContentBeyondTheSizeIsRefused) {
  TreeSink to = sink();
  for (uint64_t offset : {uint64_t{0}, uint64_t{4}, UINT64_MAX, uint64_t{1} << 63}) {
    Piece piece{offset, view("content")};
    EXPECT_EQ(code_of([&] { to.write_file("f", entry_of(EntryType::kFile, 6), {&piece, 1}); }), ErrorCode::kCorrupt);
  }
  EXPECT_THROW(to.write_file("f", entry_of(EntryType::kFile, UINT64_MAX), {}), Error);
  EXPECT_THROW(to.begin_file("f", entry_of(EntryType::kFile, UINT64_MAX / 2)), Error);
  EXPECT_FALSE(fs::exists(in_target("f")));
}

TEST_P(Sink, LargeFilesAreWrittenByManyThreadsAtOnce) {
  constexpr size_t kFiles = 100, kPieces = 16, kPieceBytes = 4096;  // more files than descriptors are kept
  TreeSink to = sink();
  to.make_directory("d");
  Entry entry = entry_of(EntryType::kFile, kPieces * kPieceBytes);
  std::vector<std::string> names;
  for (size_t i = 0; i < kFiles; ++i) names.push_back(to.begin_file("d/" + std::to_string(i), entry));
  std::vector<std::jthread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t n = t; n < kFiles * kPieces; n += 4) {
        size_t file = (n * 7) % kFiles, piece = n / kFiles;
        std::string text(kPieceBytes, static_cast<char>('a' + (file + piece) % 26));
        to.write_piece("d/" + std::to_string(file), names[file], {piece * kPieceBytes, view(text)});
      }
    });
  }
  threads.clear();
  for (size_t i = 0; i < kFiles; ++i) to.finish_file("d/" + std::to_string(i), names[i], entry);
  for (size_t i = 0; i < kFiles; ++i) {
    std::string text = read(in_target("d/" + std::to_string(i)));
    for (size_t piece = 0; piece < kPieces; ++piece)
      ASSERT_EQ(text[piece * kPieceBytes + 5], static_cast<char>('a' + (i + piece) % 26));
  }
}

TEST_P(Sink, NothingIsLeftOfAbandonedFiles) {
  {
    TreeSink to = sink();
    to.make_directory("d");
    std::string one = to.begin_file("d/one", entry_of(EntryType::kFile, 9));
    to.begin_file("two", entry_of(EntryType::kFile, 9));
    EXPECT_EQ(temporaries(), 2);
    to.abandon_file("d/one", one);
    to.abandon_file("d/one", one);
    EXPECT_EQ(temporaries(), 1);
    EXPECT_THROW(to.write_piece("d/one", one, {}), Error);
  }
  EXPECT_EQ(temporaries(), 0) << "the destructor abandons the rest";
}

TEST_P(Sink, AFailedWriteLeavesTheOldFile) {
  write(in_target("f"), "old");
  TreeSink to = sink();
  std::string large(256 << 10, 'x');
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  struct ::rlimit before{}, small{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  small = before;
  small.rlim_cur = 64 << 10;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  ErrorCode small_way = code_of([&] { put(to, "f", large); });
  ErrorCode large_way = code_of([&] { to.begin_file("f", entry_of(EntryType::kFile, large.size())); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(small_way, ErrorCode::kIo);
  EXPECT_EQ(large_way, ErrorCode::kIo);
  EXPECT_EQ(read(in_target("f")), "old");
}

TEST_P(Sink, AFullDiskLeavesTheOldFile) {
  if (::mount("tmpfs", (dir_ / "target").c_str(), "tmpfs", 0, "size=128k") != 0) GTEST_SKIP() << "needs root";
  {
    TreeSink to = sink();
    put(to, "f", "old");
    EXPECT_EQ(code_of([&] { put(to, "f", std::string(1 << 20, 'x')); }), ErrorCode::kNoSpace);
    EXPECT_EQ(read(in_target("f")), "old");
    std::string name = to.begin_file("f", entry_of(EntryType::kFile, 1 << 20));
    std::string large(1 << 20, 'x');
    EXPECT_EQ(code_of([&] { to.write_piece("f", name, {0, view(large)}); }), ErrorCode::kNoSpace);
    to.abandon_file("f", name);
    EXPECT_EQ(read(in_target("f")), "old");
    EXPECT_EQ(temporaries(), 0);
  }
  ::umount((dir_ / "target").c_str());
}

TEST_P(Sink, MakesSymlinksFifosAndDevices) {
  TreeSink to = sink();
  for (int i = 0; i < 2; ++i) {  // and replaces them
    to.make_symlink("l", link_to("\xff\n/../.."));
    EXPECT_EQ(fs::read_symlink(in_target("l")), "\xff\n/../..");
    EXPECT_EQ(status_of(in_target("l")).st_mtim.tv_nsec, 123'456'789);
    to.make_special("fifo", entry_of(EntryType::kFifo));
    EXPECT_EQ(status_of(in_target("fifo")).st_mode, S_IFIFO | 0640U);
  }
  EXPECT_THROW(to.open_for_reading("fifo"), Error);
  EXPECT_THROW(to.make_symlink("l", link_to("")), Error);
  EXPECT_THROW(to.make_symlink("l", link_to(std::string("a\0b", 3))), Error);
  EXPECT_THROW(to.make_special("l", entry_of(EntryType::kFile)), Error);
  Entry device = entry_of(EntryType::kCharDevice);
  device.device = ::makedev(1, 3);
  to.make_special("null", device);
  to.report_unset();
  if (notes_.warnings_.empty()) {
    EXPECT_EQ(status_of(in_target("null")).st_rdev, ::makedev(1, 3));
  }
}

TEST_P(Sink, WithoutPrivilegesDevicesAreCountedAndToldOnce) {
  options_.privileged = false;
  TreeSink to = sink();
  to.make_special("null", entry_of(EntryType::kCharDevice));
  EXPECT_FALSE(fs::exists(in_target("null")));
  to.report_unset();
  to.report_unset();
  ASSERT_EQ(notes_.warnings_.size(), 1U);
  EXPECT_NE(notes_.warnings_[0].find("1 device"), std::string::npos);
}

TEST_P(Sink, LinksFurtherNames) {
  TreeSink to = sink();
  to.make_directory("d");
  put(to, "f", "content");
  write(in_target("d/old"), "old");
  for (int i = 0; i < 2; ++i) {
    for (const char* path : {"d/new", "d/old", "f"}) {
      to.make_hard_link(path, "f");
      EXPECT_EQ(status_of(in_target(path)).st_ino, status_of(in_target("f")).st_ino);
    }
  }
  EXPECT_THROW(to.make_hard_link("d", "f"), Error);
  EXPECT_THROW(to.make_hard_link("x", "d"), Error);
  EXPECT_THROW(to.make_hard_link("x", "missing"), Error);
}

TEST_P(Sink, PathsMayBeLongerThanTheKernelTakes) {
  TreeSink to = sink();
  std::string path = "d";
  to.make_directory(path);
  while (path.size() < 2 * PATH_MAX) {
    path += "/" + std::string(250, 'd');
    to.make_directory(path);
  }
  put(to, path + "/f", "deep");
  to.make_hard_link(path + "/g", path + "/f");
  to.make_symlink(path + "/l", link_to("f"));
  to.finish_directory(path, entry_of(EntryType::kDirectory));
  Fd fd(sink().open_for_reading(path + "/g"));
  char text[5] = {};
  EXPECT_EQ(::read(fd.get(), text, 5), 4);
  EXPECT_STREQ(text, "deep");
}

TEST_P(Sink, ANormalUserRestoresIntoTheirOwnReadOnlyDirectory) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  ASSERT_EQ(::chmod(dir_.path().c_str(), 0755), 0);
  ASSERT_EQ(::mkdir(in_target("d").c_str(), 0500), 0);
  for (const std::string& path : {dir_ / "target", in_target("d")}) ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
  pid_t child = ::fork();
  if (child == 0) {
    try {
      if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(2);
      TreeSink to = sink();
      to.make_directory("d");
      Entry entry = entry_of(EntryType::kFile);
      entry.uid = entry.gid = 0;
      to.write_file("d/f", entry, {});
      entry = entry_of(EntryType::kDirectory);
      entry.mode = 0500;
      to.finish_directory("d", entry);
      to.report_unset();
      ::_exit(notes_.warnings_.size() == 1 ? 0 : 3);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
      ::_exit(1);
    }
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(status_of(in_target("d")).st_mode & 07777, 0500U);
}

}  // namespace
}  // namespace cairn
