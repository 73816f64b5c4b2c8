#include "store/host.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace cairn {
namespace {

TEST(Host, TellsWhatTheSystemTells) {
  char name[256] = {};
  ASSERT_EQ(::gethostname(name, sizeof name - 1), 0);
  EXPECT_EQ(host_name(), name);
  EXPECT_EQ(user_name() == "root", ::geteuid() == 0);
  EXPECT_FALSE(user_name().empty());
}

TEST(Host, NowIsInNanosecondsSinceTheEpoch) {
  int64_t first = now_ns();
  EXPECT_GT(first, int64_t{1'600'000'000} * 1'000'000'000);
  EXPECT_GE(now_ns(), first);
}

TEST(Host, TheProgramKnowsItsVersion) { EXPECT_NE(program_version().find_first_of("0123456789"), std::string::npos); }

}  // namespace
}  // namespace cairn
