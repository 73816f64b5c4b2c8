#include "store/retention/calendar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

#include "store/error.h"

namespace cairn {

namespace {

constexpr int64_t kSecond = 1'000'000'000;  // in ns
constexpr int kMostOfAUnit = 99'999;        // 99,999 years: more is a slip of the keyboard

// Rounds down, also before 1970.
int64_t floor_div(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

std::tm local(int64_t seconds) {
  const time_t time = seconds;
  std::tm out{};
  ::localtime_r(&time, &out);
  return out;
}

std::chrono::year_month_day date_of(const std::tm& tm) {
  return {std::chrono::year(tm.tm_year + 1900), std::chrono::month(static_cast<unsigned>(tm.tm_mon + 1)),
          std::chrono::day(static_cast<unsigned>(tm.tm_mday))};
}

int64_t days_of(const std::tm& tm) { return std::chrono::sys_days(date_of(tm)).time_since_epoch().count(); }

}  // namespace

int64_t period_of(Period period, int64_t time_ns) {
  const int64_t seconds = floor_div(time_ns, kSecond);
  const std::tm tm = local(seconds);
  switch (period) {
    // When the hour began, as seconds since the epoch: the hour that comes twice when summer time ends is two hours.
    case Period::kHour: return seconds - tm.tm_min * 60 - tm.tm_sec;
    case Period::kDay: return days_of(tm);
    case Period::kWeek: return floor_div(days_of(tm) + 3, 7);  // 1970 began on a Thursday
    case Period::kMonth: return int64_t{tm.tm_year} * 12 + tm.tm_mon;
    case Period::kYear: return tm.tm_year;
  }
  return 0;
}

Span parse_span(std::string_view text) {
  Span span;
  const std::string quoted = "\"" + printable(text) + "\"";
  auto refuse = [&]() -> Error {
    return Error(ErrorCode::kInvalidArgument, quoted + ": write a time like 12h, 30d, 8w, 6m, 1y, or several of them like 1y6m");
  };
  static constexpr std::string_view kUnits = "ymwdh";
  size_t next_unit = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    int count = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc{} || count < 0 || count > kMostOfAUnit || end == rest.data() + rest.size()) throw refuse();
    const size_t unit = kUnits.find(*end, next_unit);
    if (unit == std::string_view::npos) throw refuse();
    *std::array{&span.years, &span.months, &span.weeks, &span.days, &span.hours}[unit] = count;
    next_unit = unit + 1;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()) + 1);
  }
  if (span == Span{}) throw refuse();
  return span;
}

std::string span_text(const Span& span) {
  std::string out;
  for (auto [count, unit] : {std::pair{span.years, 'y'}, {span.months, 'm'}, {span.weeks, 'w'}, {span.days, 'd'}, {span.hours, 'h'}})
    if (count > 0) out += std::to_string(count) + unit;
  return out;
}

int64_t time_before(int64_t time_ns, const Span& span) {
  using namespace std::chrono;
  const int64_t seconds = floor_div(time_ns, kSecond);
  std::tm tm = local(seconds);
  const int64_t month = int64_t{tm.tm_year + 1900} * 12 + tm.tm_mon - int64_t{span.years} * 12 - span.months;
  // Whoever asks for the last 30,000 years gets all there is; chrono's calendar ends at -32767.
  if (month < 0) return INT64_MIN;
  const year_month target(year(static_cast<int>(month / 12)), std::chrono::month(static_cast<unsigned>(month % 12 + 1)));
  const year_month_day last(sys_days(target / std::chrono::last));
  const day wanted(static_cast<unsigned>(tm.tm_mday));
  const sys_days day_then = sys_days(target / std::min(wanted, last.day())) - days(span.days + int64_t{span.weeks} * 7);
  const year_month_day date(day_then);
  tm.tm_year = static_cast<int>(date.year()) - 1900;
  tm.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  tm.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
  tm.tm_isdst = -1;
  const int64_t then = ::mktime(&tm) - int64_t{span.hours} * 3600;
  if (then < INT64_MIN / kSecond + 1) return INT64_MIN;
  return then * kSecond + (time_ns - seconds * kSecond);
}

}  // namespace cairn
