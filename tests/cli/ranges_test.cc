#include "cli/ranges.h"

#include <gtest/gtest.h>

#include "cli/arguments.h"

namespace cairn {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(SizeRange, UnderstandsWhatPeopleWrite) {
  const auto range = [](std::string_view text) {
    const SizeRange r = parse_size_range(text);
    return std::pair(r.least_bytes.value_or(0), r.most_bytes.value_or(UINT64_MAX));
  };
  EXPECT_EQ(range("+10K"), std::pair(uint64_t{10240}, UINT64_MAX));
  EXPECT_EQ(range("-10K"), std::pair(uint64_t{0}, uint64_t{10240}));
  EXPECT_EQ(range("1K..2M"), std::pair(uint64_t{1024}, uint64_t{2 << 20}));
  EXPECT_EQ(range("..5"), std::pair(uint64_t{0}, uint64_t{5}));
  EXPECT_EQ(range("5.."), std::pair(uint64_t{5}, UINT64_MAX));
  EXPECT_EQ(range("7"), std::pair(uint64_t{7}, uint64_t{7}));
  for (const char* text : {"", "..", "+", "x", "5..1", "+-5", "5..x"}) EXPECT_THROW(parse_size_range(text), UsageError) << text;
}

TEST(Moment, UnderstandsTimesDaysAndAges) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  const int64_t now = 1'800'000'000 * kSecond;
  EXPECT_EQ(parse_moment("30d", now), now - 30 * 86400 * kSecond);
  EXPECT_EQ(parse_moment("90s", now), now - 90 * kSecond);
  EXPECT_EQ(parse_moment("2026-11-20", now), 1'795'132'800 * kSecond);
  EXPECT_EQ(parse_moment("2026-11-20T03:00", now), (1'795'132'800 + 10800) * kSecond);
  EXPECT_EQ(parse_moment("2026-11-20T03:00:12Z", now), (1'795'132'800 + 10812) * kSecond);
  EXPECT_EQ(parse_moment("2026-11-20T03:00:12.5+01:30", now), (1'795'132'800 + 5412) * kSecond + kSecond / 2);
  EXPECT_EQ(parse_moment("2026-11-20T03:00:12.000000001-01:00", now), (1'795'132'800 + 14412) * kSecond + 1);
  for (const char* text : {"", "yesterday", "30", "30x", "2026-13-20", "2026-11-20T03", "2026-11-20T03:00:12+1", "99999999999999d"})
    EXPECT_THROW(parse_moment(text, now), UsageError) << text;
}

}  // namespace
}  // namespace cairn
