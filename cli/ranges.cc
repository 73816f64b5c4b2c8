#include "cli/ranges.h"

#include <charconv>
#include <ctime>
#include <string>

#include "cli/arguments.h"
#include "cli/terminal.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kMostSeconds = INT64_MAX / kSecondNs;   // since the epoch, that fit into nanoseconds

[[noreturn]] void refuse_moment(std::string_view text) {
  throw UsageError("\"" + printable(text) + "\": write a time like 2026-11-20T03:00, a day like 2026-11-20, or an age like 36h or 30d");
}

uint64_t size_of(std::string_view text, std::string_view whole) try {
  return parse_size(text);
} catch (const Error&) {
  throw UsageError("\"" + printable(whole) + "\": write sizes like 10M..1G, +10M (that or more), -10M (that or less)");
}

std::optional<int64_t> parse_age(std::string_view text) {
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end + 1 != text.data() + text.size()) return std::nullopt;
  constexpr std::pair<char, int64_t> kUnits[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}, {'y', 31536000}};
  for (const auto& [letter, seconds] : kUnits)
    if (*end == letter && count <= static_cast<uint64_t>(kMostSeconds / seconds)) return static_cast<int64_t>(count) * seconds * kSecondNs;
  return std::nullopt;
}

// ".25" at the beginning of `rest`, taken off it.
int64_t take_fraction(std::string_view& rest) {
  if (!rest.starts_with('.')) return 0;
  rest.remove_prefix(1);
  int64_t ns = 0, unit = kSecondNs / 10;
  for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; rest.remove_prefix(1), unit /= 10) ns += unit * (rest.front() - '0');
  return ns;
}

}  // namespace

SizeRange parse_size_range(std::string_view text) {
  SizeRange range;
  if (const size_t dots = text.find(".."); dots != text.npos) {
    const std::string_view least = text.substr(0, dots), most = text.substr(dots + 2);
    if (!least.empty()) range.least_bytes = size_of(least, text);
    if (!most.empty()) range.most_bytes = size_of(most, text);
    if (least.empty() && most.empty()) size_of("", text);
    if (range.least_bytes.value_or(0) > range.most_bytes.value_or(UINT64_MAX))
      throw UsageError("\"" + printable(text) + "\": the first size is the larger one");
    return range;
  }
  const bool least = text.starts_with('+'), most = text.starts_with('-');
  const uint64_t bytes = size_of(text.substr(least || most ? 1 : 0), text);
  if (!most) range.least_bytes = bytes;
  if (!least) range.most_bytes = bytes;
  return range;
}

int64_t parse_moment(std::string_view text, int64_t now_ns) {
  if (const auto age = parse_age(text)) return now_ns - *age;
  const std::string copy(text);
  for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm tm{};
    const char* end = ::strptime(copy.c_str(), format, &tm);
    if (!end) continue;
    std::string_view rest(end);
    const int64_t fraction = std::string_view(format).ends_with("%S") ? take_fraction(rest) : 0;
    int64_t seconds = 0;
    if (rest.empty()) {
      tm.tm_isdst = -1;
      seconds = ::mktime(&tm);
    } else {
      std::tm zone{};
      const bool utc = rest == "Z", offset = rest.size() == 6 && (rest[0] == '+' || rest[0] == '-');
      const std::string shift(rest.substr(offset ? 1 : 0));
      if (const char* stop = offset ? ::strptime(shift.c_str(), "%H:%M", &zone) : nullptr; !utc && (!stop || *stop)) continue;
      seconds = ::timegm(&tm) - (rest[0] == '-' ? -1 : 1) * (zone.tm_hour * 3600 + zone.tm_min * 60);
    }
    if (seconds > kMostSeconds || seconds < -kMostSeconds) continue;
    return seconds * kSecondNs + fraction;
  }
  refuse_moment(text);
}

}  // namespace cairn
