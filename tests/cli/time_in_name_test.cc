#include "cli/time_in_name.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace cairn {
namespace {

constexpr int64_t kNs = 1'000'000'000;

class TimeInNameTest : public testing::Test {
 protected:
  TimeInNameTest() {
    ::setenv("TZ", "UTC-2", 1);   // two hours east
    ::tzset();
  }
  ~TimeInNameTest() override {
    ::unsetenv("TZ");
    ::tzset();
  }
};

TEST_F(TimeInNameTest, WrittenTimes) {
  EXPECT_EQ(parse_time_ns("2026-11-20T03:00:15Z"), 1795143615 * kNs);
  EXPECT_EQ(parse_time_ns("2026-11-20T03:00Z"), 1795143600 * kNs);
  EXPECT_EQ(parse_time_ns("2026-11-20T05:00"), 1795143600 * kNs);
  EXPECT_EQ(parse_time_ns("2026-11-20"), (1795132800 - 7200) * kNs);
  for (const char* bad : {"", "yesterday", "2026-02-30", "2026-13-01", "2026-11-20T25:00", "2026-11-20 03:00", "2026-11-20T03:00x"})
    EXPECT_EQ(parse_time_ns(bad), std::nullopt) << bad;
}

TEST_F(TimeInNameTest, TimesInNames) {
  const int64_t day = (1795132800 - 7200) * kNs, minute = (1795143600 - 7200) * kNs, second = minute + 15 * kNs;
  EXPECT_EQ(time_in_name_ns("media-2026-11-20.tar"), day);
  EXPECT_EQ(time_in_name_ns("20261120.tar.gz"), day);
  EXPECT_EQ(time_in_name_ns("default-2026-11-20-03_00.tar"), minute);
  EXPECT_EQ(time_in_name_ns("default-2026-11-20T03:00:15.psql"), second);
  EXPECT_EQ(time_in_name_ns("x_20261120_030015_y.tar"), second);
  for (const char* bad : {"media.tar", "media-2026-99-20.tar", "v1.2.3.tar", "120261120.tar"}) EXPECT_EQ(time_in_name_ns(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace cairn
