#include "ingest/sort/spill_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <optional>
#include <random>
#include <thread>

#include "store/error.h"
#include "store/fd.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

constexpr size_t kBlock = SpillFile::kBlockBytes;

Bytes random_bytes(std::mt19937_64& random, size_t size) {
  Bytes bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

Bytes read(const SpillFile& file, uint64_t offset, size_t size) {
  Bytes bytes(size);
  file.read(offset, bytes);
  return bytes;
}

// Paths through which open files of this process in a directory can be reached, named or not.
std::vector<std::string> open_files_in(const std::filesystem::path& directory) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone).string().starts_with(directory.string() + "/")) found.push_back(entry.path());
  }
  return found;
}

template <class Call>
std::optional<Error> error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

TEST(SpillFile, GivesBackWhatWasAppended) {
  TempDir temp;
  SpillFile file(temp.path());
  EXPECT_EQ(file.size_bytes(), 0u);
  std::mt19937_64 random(1);
  Bytes all;
  const size_t sizes[] = {0, 1, kBlock - 2, 1, 1, kBlock, 3 * kBlock, 5, kBlock - 6, 2 * kBlock + 7, 100'000, kBlock};
  for (size_t size : sizes) {
    Bytes more = random_bytes(random, size);
    EXPECT_EQ(file.append(more), all.size());
    all.insert(all.end(), more.begin(), more.end());
    ASSERT_EQ(file.size_bytes(), all.size());
    for (int i = 0; i < 50; ++i) {
      const uint64_t begin = random() % (all.size() + 1);
      const size_t length = std::min<size_t>(all.size() - begin, random() % (i % 2 == 0 ? 300 : 3 * kBlock));
      ASSERT_TRUE(std::ranges::equal(read(file, begin, length), ByteView(all).subspan(begin, length))) << begin << "+" << length;
    }
  }
  EXPECT_EQ(read(file, 0, all.size()), all);
  SpillFile moved = std::move(file);
  EXPECT_EQ(read(moved, kBlock, 10), Bytes(all.begin() + kBlock, all.begin() + kBlock + 10));
  EXPECT_EQ(error_of([&] { read(moved, all.size() - 1, 2); })->code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] { read(moved, all.size() + kBlock, 2); })->code(), ErrorCode::kInvalidArgument);
}

TEST(SpillFile, HasNoNameAndShowsNothing) {
  TempDir temp;
  const std::string secret = "the secret that must not be seen";   // its length divides that of a block
  {
    SpillFile file(temp.path());
    file.append(view(secret));
    EXPECT_TRUE(open_files_in(temp.path()).empty()) << "made before it is needed";
    for (int i = 0; i < 5000; ++i) file.append(view(secret));
    const std::vector<std::string> open = open_files_in(temp.path());
    ASSERT_EQ(open.size(), 1u);
    struct stat info;
    ASSERT_EQ(::stat(open[0].c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
    EXPECT_EQ(info.st_nlink, 0u);
    EXPECT_TRUE(std::filesystem::is_empty(temp.path()));
    std::string disk(static_cast<size_t>(info.st_size), '\0');
    const Fd fd(::open(open[0].c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::read(fd.get(), disk.data(), disk.size()), info.st_size);
    EXPECT_GT(disk.size(), 2 * kBlock);
    EXPECT_EQ(disk.find("secret"), std::string::npos);
    EXPECT_EQ(disk.find(disk.substr(0, 32), 1), std::string::npos) << "equal blocks look equal";
  }
  EXPECT_TRUE(open_files_in(temp.path()).empty());
}

TEST(SpillFile, NoticesWhatTheDiskChanged) {
  TempDir temp;
  SpillFile file(temp.path());
  std::mt19937_64 random(2);
  file.append(random_bytes(random, 4 * kBlock));
  const std::string path = open_files_in(temp.path()).at(0);
  const Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  char byte;
  const off_t second = static_cast<off_t>(kBlock) + 100;
  ASSERT_EQ(::pread(fd.get(), &byte, 1, second), 1);
  byte = static_cast<char>(byte ^ 1);
  ASSERT_EQ(::pwrite(fd.get(), &byte, 1, second), 1);
  read(file, 0, kBlock);
  std::optional<Error> error = error_of([&] { read(file, kBlock, 10); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kCorrupt);
  EXPECT_NE(std::string(error->what()).find(temp.path().string()), std::string::npos) << error->what();
  EXPECT_EQ(error_of([&] { read(file, kBlock, kBlock); })->code(), ErrorCode::kCorrupt);
  read(file, 2 * kBlock, 10);
  ASSERT_EQ(::ftruncate(fd.get(), static_cast<off_t>(3 * kBlock)), 0);
  EXPECT_EQ(error_of([&] { read(file, 3 * kBlock, 10); })->code(), ErrorCode::kCorrupt);
}

TEST(SpillFile, SaysWhereItCannotWrite) {
  TempDir temp;
  const std::string missing = temp / "missing";
  SpillFile file(missing);
  file.append(Bytes(kBlock - 1));
  for (int i = 0; i < 2; ++i) {
    const std::optional<Error> error = error_of([&] { file.append(Bytes(2)); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::kIo);
    EXPECT_NE(std::string(error->what()).find(missing), std::string::npos) << error->what();
    EXPECT_NE(std::string(error->what()).find("TMPDIR"), std::string::npos) << error->what();
  }
}

TEST(SpillFile, KeepsWhatCameBeforeAnError) {
  TempDir temp;
  SpillFile file(temp.path());
  std::mt19937_64 random(3);
  const Bytes before = random_bytes(random, kBlock + 100);
  file.append(before);
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto kept = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{kBlock + kBlock / 2, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::optional<Error> error = error_of([&] { file.append(Bytes(kBlock)); });
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, kept);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kIo);
  EXPECT_EQ(read(file, 0, before.size()), before);
  const std::optional<Error> again = error_of([&] { file.append(Bytes(kBlock)); });
  ASSERT_TRUE(again) << "another block under the nonce of the one that failed";
  EXPECT_STREQ(again->what(), error->what());
}

// In a child with a small disk of its own.  Exits with 0 when all is right, 77 when there can't be such a disk.
int fill_small_disk(const std::string& directory) {
  const std::string user = "0 " + std::to_string(::getuid()) + " 1", group = "0 " + std::to_string(::getgid()) + " 1";
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 77;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << user;
  std::ofstream("/proc/self/gid_map") << group;
  if (::mount("none", directory.c_str(), "tmpfs", 0, "size=512k") != 0) return 77;
  SpillFile file(directory);
  const std::optional<Error> error = error_of([&] { file.append(Bytes(1 << 20)); });
  if (!error) return 1;
  if (error->code() != ErrorCode::kNoSpace) return 2;
  const std::string what = error->what();
  return what.find(directory) != what.npos && what.find("TMPDIR") != what.npos ? 0 : 3;
}

TEST(SpillFile, SaysThatTheDiskIsFull) {
  TempDir temp;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(fill_small_disk(temp.path()));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no small disk without the right to mount one";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SpillFile, IsReadWhileItGrows) {
  TempDir temp;
  SpillFile file(temp.path());
  std::mt19937_64 random(4);
  const Bytes first = random_bytes(random, 3 * kBlock + 1000), more = random_bytes(random, 7777);
  file.append(first);
  std::vector<std::jthread> readers;
  std::atomic<int> wrong = 0;
  for (unsigned seed = 0; seed < 2; ++seed) {
    readers.emplace_back([&, seed] {
      std::mt19937_64 own(seed);
      for (int i = 0; i < 300; ++i) {
        const uint64_t begin = own() % first.size();
        const size_t length = std::min<size_t>(first.size() - begin, own() % (2 * kBlock));
        wrong += !std::ranges::equal(read(file, begin, length), ByteView(first).subspan(begin, length));
      }
    });
  }
  for (int i = 0; i < 300; ++i) file.append(more);
  readers.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(read(file, first.size() + 299 * more.size(), more.size()), more);
}

TEST(SpillFile, FollowsTmpdir) {
  const char* set = std::getenv("TMPDIR");
  const std::optional<std::string> kept = set == nullptr ? std::nullopt : std::optional<std::string>(set);
  ::setenv("TMPDIR", "/somewhere/else", 1);
  EXPECT_EQ(spill_directory(), "/somewhere/else");
  ::setenv("TMPDIR", "", 1);
  EXPECT_EQ(spill_directory(), "/var/tmp");
  ::unsetenv("TMPDIR");
  EXPECT_EQ(spill_directory(), "/var/tmp");
  if (kept) ::setenv("TMPDIR", kept->c_str(), 1);
}

}  // namespace
}  // namespace cairn
