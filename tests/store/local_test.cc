// What only a directory can do: be full, be read-only, hold strangers' files.
#include "store/backend/local.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>

#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

ErrorCode local_code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& e) {
    return e.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::kInterrupted;
}

void write_file(const fs::path& path, std::string_view content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

size_t entries(const fs::path& folder) {
  return fs::exists(folder) ? static_cast<size_t>(std::distance(fs::directory_iterator(folder), {})) : 0;
}

unsigned mode_of(const fs::path& path) {
  struct stat status{};
  ::stat(path.c_str(), &status);
  return status.st_mode & 07777;
}

void age(const fs::path& path, std::chrono::hours by) { fs::last_write_time(path, fs::last_write_time(path) - by); }

// Skipping must be seen: it means that something is not tested on this machine.
#define SKIP_LOUDLY(why)                                         \
  do {                                                           \
    std::cerr << "SKIPPED, NOT TESTED: " << (why) << std::endl; \
    GTEST_SKIP();                                                \
  } while (false)

// A small file system in memory at `path`; ok() is false where this process may not mount.
class Tmpfs {
 public:
  Tmpfs(std::string path, const char* options) : path_(std::move(path)) {
    fs::create_directories(path_);
    mounted_ = ::mount("cairn-test", path_.c_str(), "tmpfs", 0, options) == 0;
  }
  Tmpfs(const Tmpfs&) = delete;
  Tmpfs& operator=(const Tmpfs&) = delete;
  ~Tmpfs() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool ok() const { return mounted_; }
  bool make_read_only() { return ::mount(nullptr, path_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0; }

 private:
  std::string path_;
  bool mounted_ = false;
};

TEST(Local, ReadingMakesNothing) {
  TempDir dir;
  auto backend = open_local(dir / "repository");
  EXPECT_TRUE(backend->list("").empty());
  EXPECT_TRUE(backend->list("packs/").empty());
  EXPECT_TRUE(backend->list_foreign().empty());
  EXPECT_EQ(local_code_of([&] { backend->size("config"); }), ErrorCode::kNotFound);
  EXPECT_EQ(local_code_of([&] { backend->read("config", 0, 1); }), ErrorCode::kNotFound);
  EXPECT_FALSE(backend->remove("config"));
  EXPECT_FALSE(fs::exists(dir / "repository"));
  EXPECT_EQ(local_code_of([&] { open_local(""); }), ErrorCode::kInvalidArgument);
}

TEST(Local, FirstUploadMakesTheRootForItsOwnerOnly) {
  TempDir dir;
  auto backend = open_local(dir / "deep/down/repository//");
  put(*backend, "packs/00/ab", view("hello"));
  EXPECT_EQ(backend->describe(), dir / "deep/down/repository");
  for (std::string folder : {"deep", "deep/down/repository", "deep/down/repository/packs/00", "deep/down/repository/tmp"}) {
    EXPECT_EQ(mode_of(dir / folder), 0700u) << folder;
  }
  EXPECT_EQ(read_file(dir / "deep/down/repository/packs/00/ab"), "hello");
}

TEST(Local, WorksWithARelativeRootAndOneThatIsALink) {
  TempDir dir;
  fs::create_directory(dir / "real");
  fs::create_directory_symlink("real", dir / "link");
  put(*open_local(dir / "link"), "a", view("x"));
  EXPECT_TRUE(fs::exists(dir / "real/a"));
  put(*open_local(fs::relative(dir / "real").string()), "b", view("x"));
  EXPECT_TRUE(fs::exists(dir / "real/b"));
}

TEST(Local, FilesAreReadOnlyOnceVisible) {
  TempDir dir;
  auto backend = open_local(dir.path());
  auto upload = backend->create("packs/00/ab");
  upload->append(view("x"));
  ASSERT_EQ(entries(dir / "tmp"), 1u);
  EXPECT_EQ(mode_of(fs::directory_iterator(dir / "tmp")->path()), 0600u);
  upload->commit();
  EXPECT_EQ(mode_of(dir / "packs/00/ab"), 0444u);
  EXPECT_EQ(entries(dir / "tmp"), 0u);
}

TEST(Local, NoTemporaryIsLeftWhateverHappens) {
  TempDir dir;
  auto backend = open_local(dir.path());
  put(*backend, "a", view("x"));
  put(*backend, "a", view("x"));
  EXPECT_EQ(entries(dir / "tmp"), 0u);
  EXPECT_EQ(local_code_of([&] { put(*backend, "a", view("y")); }), ErrorCode::kIo);
  EXPECT_EQ(entries(dir / "tmp"), 0u);
  EXPECT_EQ(local_code_of([&] { put(*backend, "a/b", view("y")); }), ErrorCode::kIo);  // `a` is a file
  EXPECT_EQ(entries(dir / "tmp"), 0u);
  backend->create("c")->append(view("given up"));
  EXPECT_EQ(entries(dir / "tmp"), 0u);
}

TEST(Local, FirstUploadRemovesOnlyOldTemporaries) {
  TempDir dir;
  write_file(dir / "tmp/old", "left by kill -9");
  write_file(dir / "tmp/new", "somebody's upload");
  fs::create_directory(dir / "tmp/folder");
  age(dir / "tmp/old", std::chrono::hours(25));
  age(dir / "tmp/new", std::chrono::hours(23));
  age(dir / "tmp/folder", std::chrono::hours(25));
  auto backend = open_local(dir.path());
  EXPECT_TRUE(backend->list("").empty());
  EXPECT_TRUE(fs::exists(dir / "tmp/old"));  // reading changes nothing
  put(*backend, "a", view("x"));
  EXPECT_FALSE(fs::exists(dir / "tmp/old"));
  EXPECT_TRUE(fs::exists(dir / "tmp/new"));
  EXPECT_TRUE(fs::exists(dir / "tmp/folder"));
}

TEST(Local, ListsForeignFilesAndLeavesThemOutElsewhere) {
  TempDir dir;
  auto backend = open_local(dir.path());
  put(*backend, "packs/00/ab", view("ours"));
  write_file(dir / "packs/00/.ab.swp", "");
  write_file(dir / "packs/README\n", "");
  write_file(dir / "Photos/1.jpg", "");
  write_file(dir / "lost+found/#12", "");
  write_file(dir / "tmp/0123", "");
  fs::create_symlink("ab", dir / "packs/00/link");
  fs::create_directory_symlink("/", dir / "keys");
  ASSERT_EQ(::mkfifo((dir / "packs/00/fifo").c_str(), 0600), 0);
  EXPECT_EQ(backend->list_foreign(), (std::vector<std::string>{"Photos/1.jpg", "keys", "packs/00/.ab.swp", "packs/00/fifo",
                                                               "packs/00/link", "packs/README\\x0a"}));
  ASSERT_EQ(backend->list("").size(), 1u);
  EXPECT_EQ(backend->list("packs/").at(0).name, "packs/00/ab");
}

TEST(Local, FollowsNoLinkAndWaitsForNoFifo) {
  TempDir dir, outside;
  write_file(outside / "secret", "not ours");
  auto backend = open_local(dir.path());
  put(*backend, "a", view("x"));
  fs::create_directory_symlink(outside.path(), dir / "keys");
  fs::create_symlink(outside / "secret", dir / "link");
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  for (std::string name : {"keys/secret", "link", "fifo"}) {
    EXPECT_EQ(local_code_of([&] { backend->read(name, 0, 1); }), ErrorCode::kIo) << name;
    EXPECT_EQ(local_code_of([&] { put(*backend, name, view("y")); }), ErrorCode::kIo) << name;
    EXPECT_EQ(local_code_of([&] { backend->size(name); }), ErrorCode::kIo) << name;
  }
  EXPECT_EQ(local_code_of([&] { backend->remove("keys/secret"); }), ErrorCode::kIo);
  EXPECT_EQ(read_file(outside / "secret"), "not ours");
  EXPECT_EQ(entries(outside.path()), 1u);
}

TEST(Local, RootThatIsAFileIsAnError) {
  TempDir dir;
  write_file(dir / "file", "");
  auto backend = open_local(dir / "file");
  EXPECT_EQ(local_code_of([&] { backend->list(""); }), ErrorCode::kIo);
  EXPECT_EQ(local_code_of([&] { backend->create("a"); }), ErrorCode::kIo);
}

TEST(Local, FullDiskIsNoSpaceAndLeavesNoFile) {
  TempDir dir;
  Tmpfs disk(dir / "disk", "size=1m");
  if (!disk.ok()) SKIP_LOUDLY("a full disk (mounting a tmpfs needs root)");
  auto backend = open_local(dir / "disk/repository");
  put(*backend, "first", view("fits"));
  auto upload = backend->create("packs/00/big");
  Bytes bytes(300 << 10, 7);
  EXPECT_EQ(local_code_of([&] {
              for (int i = 0; i < 10; ++i) upload->append(bytes);
            }),
            ErrorCode::kNoSpace);
  EXPECT_EQ(entries(dir / "disk/repository/tmp"), 0u);
  upload.reset();
  EXPECT_EQ(backend->list("").size(), 1u);
  put(*backend, "second", bytes);  // the space is free again
}

TEST(Local, DiskWithoutInodesIsNoSpace) {
  TempDir dir;
  Tmpfs disk(dir / "disk", "nr_inodes=4");
  if (!disk.ok()) SKIP_LOUDLY("a disk without inodes (mounting a tmpfs needs root)");
  auto backend = open_local((dir / "disk").c_str());
  put(*backend, "a", view("x"));                                                                // root, tmp, a
  EXPECT_EQ(local_code_of([&] { put(*backend, "b/c", view("x")); }), ErrorCode::kNoSpace);            // no folder
  put(*backend, "d", view("x"));
  EXPECT_EQ(local_code_of([&] { put(*backend, "e", view("x")); }), ErrorCode::kNoSpace);              // no temporary
  EXPECT_EQ(entries(dir / "disk/tmp"), 0u);
}

TEST(Local, ReadOnlyDirectoryIsIoButCanBeRead) {
  TempDir dir;
  std::string root = dir / "disk";
  Tmpfs disk(root, "size=1m");
  if (::geteuid() == 0 && !disk.ok()) SKIP_LOUDLY("a read-only directory (root may write everywhere, and can't mount here)");
  auto backend = open_local(root);
  put(*backend, "a", view("x"));
  if (disk.ok()) {
    ASSERT_TRUE(disk.make_read_only());
  } else {
    fs::permissions(root, fs::perms::owner_read | fs::perms::owner_exec);
    fs::permissions(root + "/tmp", fs::perms::owner_read | fs::perms::owner_exec);
  }
  auto again = open_local(root);
  EXPECT_EQ(local_code_of([&] { put(*again, "b", view("x")); }), ErrorCode::kIo);
  EXPECT_EQ(local_code_of([&] { again->remove("a"); }), ErrorCode::kIo);
  EXPECT_EQ(text(again->read("a", 0, 1)), "x");
  if (!disk.ok()) {
    fs::permissions(root, fs::perms::owner_all);
    fs::permissions(root + "/tmp", fs::perms::owner_all);
  }
}

}  // namespace
}  // namespace cairn
