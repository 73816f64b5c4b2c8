#include "cli/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>

#include "store/error.h"

namespace cairn {
namespace {

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
