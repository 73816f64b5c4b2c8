#include "cli/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "store/error.h"
#include "store/fd.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

TEST(Output, KeepsTheOrderOfSmallAndLargeWrites) {
  TempDir folder;
  const std::string path = folder / "out", large(3 * Output::kBufferBytes, 'x');
  {
    const Fd file(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    Output out(file.get());
    out.write("a");
    out.write(large);
    out.line("b");
    out.flush();
  }
  std::ifstream in(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "a" + large + "b\n");
}

TEST(Output, AReaderThatWentAwayIsNoError) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd writing(ends[1]);
  { const Fd reading(ends[0]); }
  Output out(writing.get());
  out.write("x");
  EXPECT_THROW(out.flush(), OutputClosed);
}

TEST(Output, AFullDiskIsAnError) {
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) GTEST_SKIP() << "no /dev/full";
  Output out(full.get());
  out.write("x");
  try {
    out.flush();
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kNoSpace);
  }
}

}  // namespace
}  // namespace cairn
