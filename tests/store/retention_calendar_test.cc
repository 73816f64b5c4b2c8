#include "store/retention/calendar.h"

#include "store/error.h"
#include "tests/store/retention_fixture.h"

namespace cairn {

namespace {

constexpr int64_t kHour = 3'600'000'000'000;

bool same(Period period, int64_t a, int64_t b) { return period_of(period, a) == period_of(period, b); }

TEST(RetentionCalendar, ADayIsALocalOne) {
  TimeZone zone("Asia/Tokyo");
  EXPECT_TRUE(same(Period::kDay, at("2026-11-20 00:00"), at("2026-11-20 23:59")));
  EXPECT_FALSE(same(Period::kDay, at("2026-11-20 23:59"), at("2026-11-21 00:00")));
  EXPECT_TRUE(same(Period::kYear, at("2026-01-01 00:10"), at("2026-12-31 23:50")));
  EXPECT_FALSE(same(Period::kYear, at("2026-01-01 00:10"), at("2025-12-31 23:50")));
}

TEST(RetentionCalendar, AWeekBeginsOnMonday) {
  TimeZone zone("Europe/Berlin");
  EXPECT_FALSE(same(Period::kWeek, at("2026-11-22 23:59"), at("2026-11-23 00:00")));  // Sunday, Monday
  EXPECT_TRUE(same(Period::kWeek, at("2026-12-28 00:00"), at("2027-01-03 23:59")));   // week 53, across the year
  EXPECT_FALSE(same(Period::kWeek, at("2027-01-03 23:59"), at("2027-01-04 00:00")));
  EXPECT_FALSE(same(Period::kMonth, at("2026-12-31 12:00"), at("2027-01-01 12:00")));
}

// 25 October 2026 has 25 hours in Berlin, 29 March 23.
TEST(RetentionCalendar, NightsOfClockChangesHaveOneDayAndEachHourOnce) {
  TimeZone zone("Europe/Berlin");
  const int64_t first = at("2026-10-25 02:30"), second = at("2026-10-25 02:30", true);
  EXPECT_EQ(second - first, kHour);
  EXPECT_TRUE(same(Period::kDay, first, second));
  EXPECT_FALSE(same(Period::kHour, first, second));
  EXPECT_TRUE(same(Period::kHour, first, at("2026-10-25 02:59")));
  for (const char* day : {"2026-10-25 00:00", "2026-03-29 00:00"}) {
    int hours = 0;
    for (int64_t time = at(day), last = 0; same(Period::kDay, time, at(day)); time += kHour / 4) {
      const int64_t hour = period_of(Period::kHour, time);
      if (hour != last) ++hours;
      last = hour;
    }
    EXPECT_EQ(hours, std::string(day) == "2026-10-25 00:00" ? 25 : 23) << day;
  }
}

TEST(RetentionCalendar, PeriodsNeverGoBack) {
  for (const char* name : {"UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu"}) {
    TimeZone zone(name);
    const int64_t begin = at("2017-01-01 00:00"), end = at("2019-02-01 00:00");
    for (Period period : {Period::kHour, Period::kDay, Period::kWeek, Period::kMonth, Period::kYear}) {
      int64_t last = INT64_MIN;
      for (int64_t time = begin; time < end; time += kHour / 2) {
        const int64_t now = period_of(period, time);
        ASSERT_GE(now, last) << name << " " << static_cast<int>(period) << " " << time;
        last = now;
      }
    }
  }
}

TEST(RetentionCalendar, TimesBefore1970AndTheEndsOfTimeHavePeriods) {
  TimeZone zone("UTC");
  EXPECT_EQ(period_of(Period::kDay, -1), -1);
  EXPECT_EQ(period_of(Period::kWeek, at("1969-12-29 00:00")), 0);
  EXPECT_EQ(period_of(Period::kWeek, at("1969-12-28 23:00")), -1);
  for (Period period : {Period::kHour, Period::kDay, Period::kWeek, Period::kMonth, Period::kYear})
    EXPECT_LT(period_of(period, INT64_MIN), period_of(period, INT64_MAX));
}

TEST(RetentionCalendar, SpansAreReadAndWritten) {
  EXPECT_EQ(parse_span("30d"), (Span{0, 0, 0, 30, 0}));
  EXPECT_EQ(parse_span("1y6m"), (Span{1, 6, 0, 0, 0}));
  EXPECT_EQ(parse_span("1y2m3w4d5h"), (Span{1, 2, 3, 4, 5}));
  EXPECT_EQ(parse_span("12h"), (Span{0, 0, 0, 0, 12}));
  for (const char* text : {"30d", "8w", "6m", "1y", "12h", "1y6m", "1y2m3w4d5h"}) EXPECT_EQ(span_text(parse_span(text)), text);
  for (const char* text : {"", "30", "d", "0d", "-1d", "1d1d", "6m1y", "1x", "1d ", "999999d", "1.5y", "d30"})
    EXPECT_THROW(parse_span(text), Error) << text;
}

TEST(RetentionCalendar, SubtractionFollowsTheCalendar) {
  TimeZone zone("Europe/Berlin");
  EXPECT_EQ(time_before(at("2026-11-20 03:00"), parse_span("1y6m")), at("2025-05-20 03:00"));
  EXPECT_EQ(time_before(at("2026-08-31 03:00"), parse_span("6m")), at("2026-02-28 03:00"));
  EXPECT_EQ(time_before(at("2024-02-29 03:00"), parse_span("1y")), at("2023-02-28 03:00"));
  EXPECT_EQ(time_before(at("2026-01-05 03:00"), parse_span("1m")), at("2025-12-05 03:00"));
  EXPECT_EQ(time_before(at("2026-11-20 03:00"), parse_span("8w")), at("2026-09-25 03:00"));
  EXPECT_EQ(time_before(at("2026-10-26 03:00"), parse_span("1d")), at("2026-10-25 03:00"));   // 25 hours
  EXPECT_EQ(time_before(at("2026-10-26 03:00"), parse_span("24h")), at("2026-10-26 03:00") - 24 * kHour);
  EXPECT_EQ(time_before(at("2026-11-20 03:00") + 5, parse_span("1d")), at("2026-11-19 03:00") + 5);
  EXPECT_EQ(time_before(0, parse_span("9999y")), INT64_MIN);
  EXPECT_EQ(time_before(0, parse_span("500y")), INT64_MIN);
}

}  // namespace

}  // namespace cairn
