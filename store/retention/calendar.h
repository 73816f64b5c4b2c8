// The local calendar, as far as keeping and forgetting need it: which day, week … a time is in, and what was half a year earlier.
//
// Time zone: TZ, else the machine's; nights on which clocks are changed have one day and each of their hours once.
// Threads:   functions are thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn {

enum class Period : uint8_t { kHour, kDay, kWeek, kMonth, kYear };  // weeks begin on Mondays (ISO 8601)

// A number that two times share when they are in the same hour, day … of the local calendar; that of a later one is greater.
int64_t period_of(Period period, int64_t time_ns);

// A stretch of the calendar: a month is as long as the month is, a day may have 23 hours.
struct Span {
  int years = 0, months = 0, weeks = 0, days = 0, hours = 0;
  bool operator==(const Span&) const = default;
};

// "30d", "8w", "6m", "1y", "12h", or several, the longest first: "1y6m".
// kInvalidArgument for anything else, for nothing and for a span of no length.
Span parse_span(std::string_view text);
// As parse_span takes it.
std::string span_text(const Span& span);
// `time_ns` less the span.  The 31st less a month is the last day of the month before, when that has no 31st.
int64_t time_before(int64_t time_ns, const Span& span);

}  // namespace cairn
