#include "cli/interrupt.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "store/error.h"
#include "store/fd.h"

namespace cairn {
namespace {

TEST(Interrupt, WaitsForWhatCanBeRead) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  ASSERT_EQ(::write(writing.get(), "x", 1), 1);
  EXPECT_TRUE(wait_until_readable(reading.get()));
  char byte = 0;
  ASSERT_EQ(::read(reading.get(), &byte, 1), 1);
  writing.reset();
  EXPECT_TRUE(wait_until_readable(reading.get()));  // the end
}

TEST(InterruptDeathTest, ASignalBeforeTheWaitEndsIt) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        catch_signals();
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) std::_Exit(1);
        std::raise(SIGINT);
        std::_Exit(wait_until_readable(ends[0]) ? 2 : 7);
      },
      testing::ExitedWithCode(7), "");
}

// In processes of their own: a signal that was seen stays seen.
TEST(InterruptDeathTest, TheFirstSignalAsks) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        catch_signals();
        if (interrupted()) std::_Exit(1);
        check_interrupted();
        std::raise(SIGINT);
        try {
          check_interrupted();
        } catch (const Error& e) {
          std::_Exit(e.code() == ErrorCode::kInterrupted ? 7 : 2);
        }
      },
      testing::ExitedWithCode(7), "");
}

TEST(InterruptDeathTest, TheSecondOneEnds) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        catch_signals();
        std::raise(SIGTERM);
        std::raise(SIGINT);
        std::_Exit(3);
      },
      testing::ExitedWithCode(130), "");
}

TEST(InterruptDeathTest, IgnoredSignalsStayIgnored) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        std::signal(SIGHUP, SIG_IGN);
        catch_signals();
        std::raise(SIGHUP);
        std::raise(SIGPIPE);
        std::_Exit(interrupted() ? 3 : 0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace cairn
