// In what order a local upload reaches the disk, and what becomes of it when the system refuses: seen, and provoked, with strace.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "store/backend/local.h"
#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

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

// Skipping must be seen: it means that something is not tested on this machine.
#define SKIP_LOUDLY(why)                                         \
  do {                                                           \
    std::cerr << "SKIPPED, NOT TESTED: " << (why) << std::endl; \
    GTEST_SKIP();                                                \
  } while (false)

// What strace shows of a run of LocalHelper below: the names of the calls, in order and without those that found nothing, and
// how the upload ended.
struct Traced {
  bool possible = false;
  std::vector<std::string> calls;
  std::string result;
};

constexpr char kRootVariable[] = "CAIRN_TEST_LOCAL_ROOT";
constexpr char kResultFile[] = "result";

// Not a test of its own: run by the tests below in a traced process.
TEST(LocalHelper, DISABLED_UploadsAndRemoves) {
  const char* root = std::getenv(kRootVariable);
  if (root == nullptr) GTEST_SKIP();
  std::string result = "ok";
  try {
    auto backend = open_local(std::string(root) + "/repository");
    put(*backend, "packs/00/ab", Bytes(9 << 20, 1));
    backend->remove("index/a");
    backend->remove("packs/00/old");
  } catch (const Error& e) {
    result = e.code() == ErrorCode::kIo ? "kIo" : e.what();
  }
  std::ofstream(fs::path(root) / kResultFile) << result;
}

Traced trace(const TempDir& dir, const std::string& inject = "") {
  Traced out;
  if (std::system("strace -o /dev/null true >/dev/null 2>&1") != 0) return out;
  out.possible = true;
  std::string calls = "fsync,fdatasync,sync_file_range,fchmod,renameat2,linkat,unlinkat,mkdirat,write";
  // A sanitizer's own leak check doesn't work under a tracer.
  std::string command = "ASAN_OPTIONS=detect_leaks=0 " + std::string(kRootVariable) + "='" + dir.path().string() +
                        "' strace -f -o '" + (dir / "trace") + "' -e trace=" + calls + " " + inject + " '" +
                        fs::read_symlink("/proc/self/exe").string() +
                        "' --gtest_also_run_disabled_tests --gtest_filter=LocalHelper.* >/dev/null 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  out.result = read_file(dir / kResultFile);
  std::ifstream lines(dir / "trace");
  for (std::string line; std::getline(lines, line);) {
    size_t begin = line.find_first_not_of("0123456789 "), end = line.find('(');
    if (begin == std::string::npos || end == std::string::npos || line.find("= -1 ENOENT") != std::string::npos) continue;
    std::string call = line.substr(begin, end - begin);
    if (call == "mkdirat" || call == "unlinkat") call += line.substr(line.find('"'), line.rfind('"') + 1 - line.find('"'));
    if (call != "write") out.calls.push_back(call);
  }
  return out;
}

// The calls from the first fdatasync on, without the random name of the temporary.
std::vector<std::string> from_sync(const Traced& traced) {
  auto first = std::find(traced.calls.begin(), traced.calls.end(), "fdatasync");
  std::vector<std::string> out(first, traced.calls.end());
  for (std::string& call : out) {
    if (call.starts_with("unlinkat\"") && call.size() > 40) call = "unlinkat temporary";
  }
  return out;
}

using Calls = std::vector<std::string>;

TEST(LocalSyscalls, DataIsDurableBeforeTheNameAndTheFolderAfterIt) {
  TempDir dir;
  write_file(dir / "repository/index/a", "");
  write_file(dir / "repository/packs/00/old", "");
  Traced traced = trace(dir);
  if (!traced.possible) SKIP_LOUDLY("the order of system calls (needs strace and the right to trace)");
  EXPECT_EQ(traced.result, "ok");
  // The removal in index/ is durable before the one in packs/00/ is asked for.
  EXPECT_EQ(from_sync(traced), (Calls{"fdatasync", "fchmod", "renameat2", "fsync", "unlinkat\"a\"", "fsync", "unlinkat\"old\""}));
  EXPECT_EQ(std::count(traced.calls.begin(), traced.calls.end(), "sync_file_range"), 1);  // one append of 9 MiB
}

TEST(LocalSyscalls, NewFoldersAreDurableInTheirParents) {
  TempDir dir;
  Traced traced = trace(dir);
  if (!traced.possible) SKIP_LOUDLY("the order of system calls (needs strace and the right to trace)");
  EXPECT_EQ(traced.result, "ok");
  EXPECT_EQ(from_sync(traced), (Calls{"fdatasync", "fchmod", "mkdirat\"packs\"", "fsync", "mkdirat\"00\"", "fsync", "renameat2",
                                      "fsync"}));
}

TEST(LocalSyscalls, ANewRootIsDurableInItsParent) {
  TempDir dir;
  Traced traced = trace(dir);
  if (!traced.possible) SKIP_LOUDLY("the order of system calls (needs strace and the right to trace)");
  ASSERT_GE(traced.calls.size(), 4u);
  EXPECT_EQ(traced.calls[0], "mkdirat\"" + (dir / "repository") + "\"");
  EXPECT_EQ(traced.calls[1], "fsync");
  EXPECT_EQ(traced.calls[2], "mkdirat\"tmp\"");
  EXPECT_EQ(traced.calls[3], "fsync");
}

TEST(LocalSyscalls, AnEqualFileThatIsThereIsMadeDurableToo) {
  TempDir dir;
  Bytes same(9 << 20, 1);
  write_file(dir / "repository/packs/00/ab", text(same));
  Traced traced = trace(dir);
  if (!traced.possible) SKIP_LOUDLY("the order of system calls (needs strace and the right to trace)");
  EXPECT_EQ(traced.result, "ok");
  EXPECT_EQ(from_sync(traced), (Calls{"fdatasync", "fchmod", "renameat2", "fdatasync", "unlinkat temporary", "fsync"}));
}

TEST(LocalSyscalls, FailedFdatasyncIsFinal) {
  TempDir dir;
  Traced traced = trace(dir, "-e inject=fdatasync:error=EIO:when=1");
  if (!traced.possible) SKIP_LOUDLY("a failing fdatasync (needs strace and the right to trace)");
  EXPECT_EQ(traced.result, "kIo");
  EXPECT_EQ(from_sync(traced), (Calls{"fdatasync", "unlinkat temporary"}));
  EXPECT_EQ(entries(dir / "repository/tmp"), 0u);
}

TEST(LocalSyscalls, FailedFsyncOfTheFolderIsAnErrorExceptWhereThereIsNone) {
  for (std::string error : {"EIO", "EINVAL"}) {
    TempDir dir;
    Traced traced = trace(dir, "-e inject=fsync:error=" + error);
    if (!traced.possible) SKIP_LOUDLY("a failing fsync (needs strace and the right to trace)");
    EXPECT_EQ(traced.result, error == "EIO" ? "kIo" : "ok");
    EXPECT_EQ(entries(dir / "repository/tmp"), 0u);
  }
}

TEST(LocalSyscalls, LinksWhereTheFileSystemCannotRenameWithoutReplacing) {
  for (std::string error : {"EINVAL", "ENOSYS"}) {
    TempDir dir;
    fs::create_directories(dir / "repository/packs/00");
    Traced traced = trace(dir, "-e inject=renameat2:error=" + error);
    if (!traced.possible) SKIP_LOUDLY("a file system without RENAME_NOREPLACE (needs strace and the right to trace)");
    EXPECT_EQ(traced.result, "ok");
    EXPECT_EQ(from_sync(traced), (Calls{"fdatasync", "fchmod", "renameat2", "linkat", "unlinkat temporary", "fsync"}));
    EXPECT_EQ(fs::file_size(dir / "repository/packs/00/ab"), 9u << 20);
    EXPECT_EQ(entries(dir / "repository/tmp"), 0u);
  }
}

TEST(LocalSyscalls, InterruptedWritesGoOn) {
  TempDir dir;
  Traced traced = trace(dir, "-e inject=write:error=EINTR:when=1..40+2");
  if (!traced.possible) SKIP_LOUDLY("interrupted writes (needs strace and the right to trace)");
  EXPECT_EQ(traced.result, "ok");
  EXPECT_EQ(fs::file_size(dir / "repository/packs/00/ab"), 9u << 20);
}

}  // namespace
}  // namespace cairn
