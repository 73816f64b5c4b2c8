#include "ingest/tree/metadata.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <vector>

#include "store/error.h"
#include "store/fd.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

class CaptureNotes : public Monitor {
 public:
  void error(const std::string& path, const std::string& message) override { errors_.push_back(path + ": " + message); }
  void warning(const std::string&) override {}
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override {}
  std::vector<std::string> errors_;
};

bool run(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  for (int c; pipe && (c = std::fgetc(pipe)) != EOF;) out += static_cast<char>(c);
  if (pipe) ::pclose(pipe);
  return out;
}

class Metadata : public testing::Test {
 protected:
  Fd directory() { return Fd(::open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }
  void make_file(const std::string& name, mode_t mode = 0600) {
    Fd file(::open((dir_ / name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    ASSERT_GE(file.get(), 0);
  }
  Entry captured(const std::string& name) {
    Entry entry;
    struct ::statx now{};
    EXPECT_EQ(::statx(AT_FDCWD, (dir_ / name).c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &now), 0);
    EXPECT_TRUE(capture(now, entry));
    entry.name = name;
    capture_xattrs_at(directory().get(), name, name, notes_, entry);
    if (entry.type == EntryType::kFile || entry.type == EntryType::kDirectory) {
      Entry by_fd;
      Fd fd(::open((dir_ / name).c_str(), O_RDONLY | O_CLOEXEC));
      capture_xattrs(fd.get(), name, notes_, by_fd);
      EXPECT_EQ(by_fd.xattrs, entry.xattrs) << "both ways see the same";
    }
    return entry;
  }
  void apply_to(const std::string& name, const Entry& entry) {
    Fd fd(::open((dir_ / name).c_str(), O_RDONLY | O_CLOEXEC));
    apply(fd.get(), entry, options_, report_);
  }
  void expect_same(const Entry& expected, const Entry& now) {
    EXPECT_EQ(now.type, expected.type);
    EXPECT_EQ(now.mode, expected.mode);
    EXPECT_EQ(now.uid, expected.uid);
    EXPECT_EQ(now.gid, expected.gid);
    EXPECT_EQ(now.mtime_ns, expected.mtime_ns);
    EXPECT_EQ(now.device, expected.device);
    EXPECT_EQ(now.xattrs, expected.xattrs);
  }
  // Does `work` as nobody, in a child; true when it returned true.
  bool as_nobody(const std::function<bool()>& work) {
    pid_t child = ::fork();
    if (child == 0) {
      bool dropped = ::setgroups(0, nullptr) == 0 && ::setgid(65534) == 0 && ::setuid(65534) == 0;
      bool good = false;
      try {
        good = dropped && work();
      } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
      }
      ::_exit(good ? 0 : 1);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    return status == 0;
  }

  TempDir dir_;
  CaptureNotes notes_;
  ApplyOptions options_;
  ApplyReport report_;
};

class MetadataAsRoot : public Metadata {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

Bytes bytes(std::string_view text) { return Bytes(text.begin(), text.end()); }

TEST_F(Metadata, TimesAndModesComeBackToTheNanosecond) {
  make_file("f");
  for (int64_t ns : {int64_t{0}, int64_t{1}, int64_t{-1}, -5 * kSecond - 999'999'999, 1'700'000'000 * kSecond + 123'456'789,
                     2'147'483'648 * kSecond + 7, 4'102'444'800 * kSecond, -1'000'000'000 * kSecond + 1}) {
    Entry entry = captured("f");
    entry.mtime_ns = ns;
    entry.mode = static_cast<uint32_t>(ns & 0777) | 0400;
    apply_to("f", entry);
    expect_same(entry, captured("f"));
  }
}

TEST_F(Metadata, TimesBeyondNanosecondsBecomeTheNearest) {
  struct ::statx from{};
  from.stx_mode = S_IFREG | 0644;
  Entry entry;
  from.stx_mtime = {int64_t{1} << 40, 5, {}};
  ASSERT_TRUE(capture(from, entry));
  EXPECT_EQ(entry.mtime_ns, std::numeric_limits<int64_t>::max());
  from.stx_mtime = {-(int64_t{1} << 40), 5, {}};
  ASSERT_TRUE(capture(from, entry));
  EXPECT_EQ(entry.mtime_ns, std::numeric_limits<int64_t>::min());
}

TEST_F(Metadata, LinkGroupsTellFilesOfSeveralNamesApart) {
  struct ::statx from{};
  from.stx_mode = S_IFREG | 0644;
  from.stx_ino = 1;
  from.stx_nlink = 1;
  Entry one, two;
  ASSERT_TRUE(capture(from, one));
  EXPECT_EQ(one.link_group, 0U);
  from.stx_nlink = 2;
  ASSERT_TRUE(capture(from, one));
  EXPECT_NE(one.link_group, 0U);
  ASSERT_TRUE(capture(from, two));
  EXPECT_EQ(one.link_group, two.link_group);
  from.stx_dev_minor = 1;
  ASSERT_TRUE(capture(from, two));
  EXPECT_NE(one.link_group, two.link_group);
  from.stx_mode = S_IFDIR | 0755;
  ASSERT_TRUE(capture(from, two));
  EXPECT_EQ(two.link_group, 0U) << "directories always have several";
}

TEST_F(Metadata, SocketsAreNotCaptured) {
  struct ::statx from{};
  from.stx_mode = S_IFSOCK | 0644;
  Entry entry;
  EXPECT_FALSE(capture(from, entry));
}

TEST_F(Metadata, XattrsKeepBinaryAndEmptyValuesAndAreSorted) {
  make_file("from");
  make_file("to");
  std::string binary("\0\xff\n\0", 4), large(3000, 'x');
  using Pair = std::pair<const char*, std::string>;
  for (const auto& [name, value] : {Pair{"user.z", "z"}, {"user.empty", ""}, {"user.b", binary}, {"user.large", large}})
    if (::setxattr((dir_ / "from").c_str(), name, value.data(), value.size(), 0) != 0) GTEST_SKIP() << "no user xattrs here";
  ASSERT_EQ(::setxattr((dir_ / "to").c_str(), "user.unknown", "x", 1, 0), 0);
  Entry entry = captured("from");
  ASSERT_EQ(entry.xattrs.size(), 4U);
  EXPECT_EQ(entry.xattrs[0], (Xattr{"user.b", bytes(binary)}));
  EXPECT_EQ(entry.xattrs[1], (Xattr{"user.empty", {}}));
  apply_to("to", entry);
  expect_same(entry, captured("to"));
  EXPECT_EQ(report_.xattrs, 0U);
  EXPECT_TRUE(notes_.errors_.empty());
}

TEST_F(Metadata, ManyAndLargeXattrsFitToo) {
  std::string file = "/dev/shm/cairn-test-" + std::to_string(::getpid());
  Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd.get() < 0) GTEST_SKIP() << "no tmpfs";
  ::unlink(file.c_str());
  std::string value(50'000, 'v');
  if (::fsetxattr(fd.get(), "trusted.large", value.data(), value.size(), 0) != 0) GTEST_SKIP() << "needs root";
  for (int i = 0; i < 200; ++i)
    ASSERT_EQ(::fsetxattr(fd.get(), ("trusted.with_a_rather_long_name_" + std::to_string(i)).c_str(), "", 0, 0), 0);
  Entry entry;
  capture_xattrs(fd.get(), "f", notes_, entry);
  ASSERT_EQ(entry.xattrs.size(), 201U);
  EXPECT_EQ(entry.xattrs[0], (Xattr{"trusted.large", bytes(value)}));
}

TEST_F(Metadata, XattrsThatCannotBeListedAreToldOnce) {
  Entry entry;
  capture_xattrs_at(directory().get(), "missing", "d/missing", notes_, entry);
  ASSERT_EQ(notes_.errors_.size(), 1U);
  EXPECT_TRUE(notes_.errors_[0].starts_with("d/missing: ")) << notes_.errors_[0];
}

TEST_F(Metadata, FileSystemsWithoutXattrsAreNoError) {
  Fd fd(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  Entry entry;
  capture_xattrs(fd.get(), "status", notes_, entry);
  EXPECT_TRUE(entry.xattrs.empty());
  EXPECT_TRUE(notes_.errors_.empty());
}

TEST_F(Metadata, UnknownXattrsAreCountedNotThrown) {
  make_file("f");
  Entry entry = captured("f");
  entry.xattrs = {{"bogus.x", bytes("1")}, {"system.bogus", bytes("2")}};
  apply_to("f", entry);
  EXPECT_EQ(report_.xattrs, 2U);
  entry.xattrs = {{std::string("user.a\0b", 8), bytes("1")}};
  EXPECT_THROW(apply_to("f", entry), Error);
}

TEST_F(MetadataAsRoot, EveryModeBitAndOwnerComesBack) {
  make_file("f");
  ASSERT_EQ(::mkdir((dir_ / "d").c_str(), 0700), 0);
  for (const char* name : {"f", "d"}) {
    for (uint32_t mode : {04755U, 02755U, 01777U, 07777U, 0U, 0640U}) {
      Entry entry = captured(name);
      entry.mode = mode;
      entry.uid = 12345;
      entry.gid = 54321;
      apply_to(name, entry);
      expect_same(entry, captured(name));
    }
  }
  EXPECT_EQ(report_.modes, 0U);
}

TEST_F(MetadataAsRoot, SetIdBitsAreNotLentByAnotherOwner) {
  make_file("f");
  Entry entry = captured("f");
  entry.mode = 07755;
  entry.uid = entry.gid = 12345;
  options_.owner = false;
  apply_to("f", entry);
  EXPECT_EQ(captured("f").mode, 01755U);
  options_.owner = true;
  options_.privileged = false;
  apply_to("f", entry);
  EXPECT_EQ(captured("f").mode, 0755U);
  EXPECT_EQ(report_.modes, 2U);
}

TEST_F(MetadataAsRoot, AclsMadeBySetfaclComeBack) {
  make_file("from");
  make_file("to");
  ASSERT_EQ(::mkdir((dir_ / "d").c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((dir_ / "e").c_str(), 0700), 0);
  if (!run("setfacl -m u:1234:rwx,g:77:r,g::---,m:rwx '" + dir_ / "from" + "'")) GTEST_SKIP() << "no setfacl or no ACLs";
  ASSERT_TRUE(run("setfacl -m u:1234:rx -d -m u:99:rwx,g:5:r '" + dir_ / "d" + "'"));
  for (const auto& [from, to] : {std::pair{"from", "to"}, {"d", "e"}}) {
    Entry entry = captured(from);
    EXPECT_FALSE(entry.xattrs.empty());
    apply_to(to, entry);
    expect_same(entry, captured(to));
    std::string command = "cd '" + dir_.path().string() + "' && getfacl -n --omit-header ";
    EXPECT_EQ(output_of(command + to), output_of(command + from));
  }
  EXPECT_EQ(report_.xattrs, 0U);
}

TEST_F(MetadataAsRoot, InheritedAclsAreRemoved) {
  make_file("plain");
  ASSERT_EQ(::mkdir((dir_ / "d").c_str(), 0755), 0);
  if (!run("setfacl -d -m u:1234:rwx '" + dir_ / "d" + "'")) GTEST_SKIP() << "no setfacl or no ACLs";
  make_file("d/f", 0666);
  ASSERT_EQ(::mkdir((dir_ / "d/d").c_str(), 0777), 0);
  ASSERT_EQ(captured("d/d").xattrs.size(), 2U);
  Entry entry = captured("plain");
  entry.mode = 0640;
  apply_to("d/f", entry);
  expect_same(entry, captured("d/f"));
  entry.type = EntryType::kDirectory;
  apply_to("d/d", entry);
  expect_same(entry, captured("d/d"));
}

TEST_F(MetadataAsRoot, WithoutItsAclAGroupGetsNoMoreThanTheAclGaveIt) {
  make_file("from");
  if (!run("setfacl -m u:1234:rwx,g::--- '" + dir_ / "from" + "'")) GTEST_SKIP() << "no setfacl or no ACLs";
  Entry entry = captured("from");
  ASSERT_EQ(entry.mode, 0670U);
  entry.xattrs[0].value[4 + 8 * 1] = 0x55;  // an unknown tag: the kernel refuses the whole ACL
  make_file("to");
  apply_to("to", entry);
  EXPECT_EQ(report_.xattrs, 1U);
  EXPECT_EQ(captured("to").mode, 0600U);
}

TEST_F(MetadataAsRoot, CapabilitiesSurviveTheChangeOfOwner) {
  make_file("from");
  make_file("to");
  if (!run("setcap cap_net_raw,cap_net_bind_service+ep '" + dir_ / "from" + "'")) GTEST_SKIP() << "no setcap";
  Entry entry = captured("from");
  entry.uid = entry.gid = 4321;
  entry.mode = 0755;
  apply_to("to", entry);
  expect_same(entry, captured("to"));
  EXPECT_NE(output_of("getcap '" + dir_ / "to" + "'").find("cap_net_bind_service,cap_net_raw=ep"), std::string::npos);
  options_.privileged = false;
  make_file("unprivileged");
  apply_to("unprivileged", entry);
  EXPECT_EQ(report_.xattrs, 1U);
  EXPECT_EQ(output_of("getcap '" + dir_ / "unprivileged" + "'"), "");
}

TEST_F(MetadataAsRoot, SymlinksFifosAndDevicesComeBackUnopened) {
  make_file("victim");
  ASSERT_EQ(::symlink("victim", (dir_ / "link").c_str()), 0);
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  bool devices = ::mknod((dir_ / "null").c_str(), S_IFCHR | 0600, ::makedev(1, 3)) == 0 &&
                 ::mknod((dir_ / "disk").c_str(), S_IFBLK | 0600, ::makedev(259, 70'000)) == 0;
  Entry victim = captured("victim");
  for (const char* name : {"link", "fifo", "null", "disk"}) {
    if (!devices && name[0] != 'l' && name[0] != 'f') continue;
    Entry entry = captured(name);
    entry.uid = 1111;
    entry.gid = 2222;
    entry.mtime_ns = -kSecond / 2;
    if (entry.type != EntryType::kSymlink) entry.mode = 0604;
    entry.xattrs = {{"trusted.x", bytes("v")}};
    apply_at(directory().get(), name, entry, options_, report_);
    expect_same(entry, captured(name));
  }
  EXPECT_EQ(captured("victim"), victim);
  if (devices) {
    EXPECT_EQ(captured("disk").device, ::makedev(259, 70'000));
  }
}

TEST_F(MetadataAsRoot, SomethingElseInThePlaceOfASpecialFileIsNotTouched) {
  make_file("victim");
  Entry victim = captured("victim");
  Entry fifo = victim;
  fifo.type = EntryType::kFifo;
  fifo.uid = 1111;
  EXPECT_THROW(apply_at(directory().get(), "victim", fifo, options_, report_), Error);
  EXPECT_EQ(captured("victim"), victim);
}

TEST_F(MetadataAsRoot, ForANormalUserWhatNeedsRootIsCounted) {
  ASSERT_EQ(::chown(dir_.path().c_str(), 65534, 65534), 0);
  EXPECT_TRUE(as_nobody([&] {
    Fd fd(::open((dir_ / "f").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    Entry entry;
    entry.name = "f";
    entry.mode = 06750;
    entry.mtime_ns = 5;
    entry.xattrs = {{"security.capability", bytes("x")}, {"trusted.x", bytes("x")}, {"user.x", bytes("x")}};
    apply(fd.get(), entry, options_, report_);
    struct ::stat now{};
    bool good = ::fstat(fd.get(), &now) == 0 && (now.st_mode & 07777) == 0750 && now.st_mtim.tv_nsec == 5;
    bool link = ::symlink("f", (dir_ / "link").c_str()) == 0;
    entry.type = EntryType::kSymlink;
    entry.xattrs.clear();
    apply_at(directory().get(), "link", entry, options_, report_);
    return good && link && report_.owners == 2 && report_.xattrs == 2 && report_.modes == 1;
  }));
}

}  // namespace
}  // namespace cairn
