#include "cli/terminal.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "store/error.h"

namespace cairn {
namespace {

class Zone {
 public:
  explicit Zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

TEST(Terminal, SizesHaveHonestUnits) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(1023), "1023 B");
  EXPECT_EQ(human_size(1024), "1.0 KiB");
  EXPECT_EQ(human_size((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(human_size(1395864371), "1.3 GiB");
  EXPECT_EQ(human_size(UINT64_MAX), "16.0 EiB");
}

TEST(Terminal, SizesCanBeRead) {
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("100M"), 100u << 20);
  EXPECT_EQ(parse_size("1.5GiB"), 3u << 29);
  EXPECT_EQ(parse_size("2 kB"), 2048u);
  EXPECT_EQ(parse_size("7B"), 7u);
  for (const char* bad : {"", "M", "-1", "1X", "1MM", "1Mi", "0x10", "1e3", "nan", "inf", "99999999999P"})
    EXPECT_THROW(parse_size(bad), Error) << bad;
}

TEST(Terminal, DurationsGrowCoarser) {
  EXPECT_EQ(human_duration(0), "0.0 s");
  EXPECT_EQ(human_duration(1'400'000'000), "1.4 s");
  EXPECT_EQ(human_duration(9'960'000'000), "10 s");
  EXPECT_EQ(human_duration(187'000'000'000), "3:07 min");
  EXPECT_EQ(human_duration(7'209'000'000'000), "2:00:09 h");
}

TEST(Terminal, RatesNeedBytesAndTime) {
  EXPECT_EQ(human_rate(1 << 20, 500'000'000), "2.0 MiB/s");
  EXPECT_EQ(human_rate(0, 1), "");
  EXPECT_EQ(human_rate(1, 0), "");
}

TEST(Terminal, CountsAndRatios) {
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(12345678), "12,345,678");
  EXPECT_EQ(counted(1, "file", "files"), "1 file");
  EXPECT_EQ(counted(0, "file", "files"), "0 files");
  EXPECT_EQ(human_ratio(241, 100), "2.41 : 1");
  EXPECT_EQ(human_ratio(1, 0), "-");
}

TEST(Terminal, TimesAreLocalWithTheirOffset) {
  Zone zone("XXX-05:30");
  EXPECT_EQ(local_time(0), "1970-01-01 05:30:00");
  EXPECT_EQ(rfc3339(1), "1970-01-01T05:30:00.000000001+05:30");
  EXPECT_EQ(rfc3339(-1), "1970-01-01T05:29:59.999999999+05:30");
}

TEST(Terminal, TimesWestOfGreenwich) {
  Zone zone("XXX03:00");
  EXPECT_EQ(rfc3339(1'763'607'600'000'000'000), "2025-11-20T00:00:00.000000000-03:00");
}

TEST(Terminal, ModesLookLikeThoseOfLs) {
  EXPECT_EQ(mode_string(EntryType::kFile, 0644), "-rw-r--r--");
  EXPECT_EQ(mode_string(EntryType::kDirectory, 01777), "drwxrwxrwt");
  EXPECT_EQ(mode_string(EntryType::kFile, 06755), "-rwsr-sr-x");
  EXPECT_EQ(mode_string(EntryType::kFile, 07000), "---S--S--T");
  EXPECT_EQ(mode_string(EntryType::kSymlink, 0777), "lrwxrwxrwx");
  EXPECT_EQ(mode_string(EntryType::kBlockDevice, 0660), "brw-rw----");
}

TEST(Terminal, ShorteningKeepsBothEnds) {
  EXPECT_EQ(shortened("media/1.png", 20), "media/1.png");
  EXPECT_EQ(shortened("0123456789abcdef", 9), "012...def");
  EXPECT_EQ(shortened("ääääääääää", 7), "ää...ää");
  EXPECT_EQ(columns(shortened("ääääääääää", 8)), 8u);
  EXPECT_EQ(shortened("abcdef", 2), "..");
}

}  // namespace
}  // namespace cairn
