#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "store/error.h"

namespace cairn {

namespace {

constexpr std::string_view kUnits = "KMGTPE";

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char out[128];
  const int length = std::snprintf(out, sizeof out, pattern, values...);
  return std::string(out, std::min(sizeof out - 1, static_cast<size_t>(std::max(length, 0))));
}

std::tm local(int64_t time_ns, int64_t* nanoseconds) {
  int64_t seconds = time_ns / 1'000'000'000;
  *nanoseconds = time_ns % 1'000'000'000;
  if (*nanoseconds < 0) {
    *nanoseconds += 1'000'000'000;
    --seconds;
  }
  const std::time_t clock = seconds;
  std::tm out{};
  ::localtime_r(&clock, &out);
  return out;
}

}  // namespace

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

bool wants_colour(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return is_terminal(fd) && (!no_colour || *no_colour == '\0') && !(term && std::string_view(term) == "dumb");
}

size_t terminal_width(int fd) {
  ::winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string human_size(uint64_t size_bytes) {
  if (size_bytes < 1024) return std::to_string(size_bytes) + " B";
  double value = static_cast<double>(size_bytes) / 1024;
  size_t unit = 0;
  for (; value >= 1023.95 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return format("%.1f %ciB", value, kUnits[unit]);
}

uint64_t parse_size(std::string_view text) {
  auto refuse = [&]() -> uint64_t {
    throw Error(ErrorCode::kInvalidArgument, "size \"" + printable(text) + "\": write a number, like 4096, 100M or 1.5G");
  };
  const std::string number(text);
  if (text.empty() || text[0] < '0' || text[0] > '9' || text.find_first_of("xXeE") == 1) return refuse();
  char* end = nullptr;
  double value = std::strtod(number.c_str(), &end);
  std::string_view unit = text.substr(static_cast<size_t>(end - number.c_str()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (!unit.empty() && unit != "B") {
    const char letter = unit[0] >= 'a' && unit[0] <= 'z' ? static_cast<char>(unit[0] - 'a' + 'A') : unit[0];
    const size_t power = kUnits.find(letter);
    const std::string_view rest = unit.substr(1);
    if (power == std::string_view::npos || (!rest.empty() && rest != "B" && rest != "iB")) return refuse();
    value = std::ldexp(value, 10 * (static_cast<int>(power) + 1));
  }
  if (!(value <= 0x1p63)) return refuse();
  return static_cast<uint64_t>(value);
}

std::string human_duration(uint64_t duration_ns) {
  const double seconds = static_cast<double>(duration_ns) / 1e9;
  if (seconds < 9.95) return format("%.1f s", seconds);
  const auto whole = static_cast<unsigned long long>(seconds + 0.5);
  if (whole < 60) return format("%llu s", whole);
  if (whole < 3600) return format("%llu:%02llu min", whole / 60, whole % 60);
  return format("%llu:%02llu:%02llu h", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string human_rate(uint64_t size_bytes, uint64_t duration_ns) {
  if (size_bytes == 0 || duration_ns == 0) return "";
  return human_size(static_cast<uint64_t>(static_cast<double>(size_bytes) / (static_cast<double>(duration_ns) / 1e9))) + "/s";
}

std::string human_count(uint64_t count) {
  std::string out = std::to_string(count);
  for (size_t at = out.size(); at > 3; at -= 3) out.insert(at - 3, ",");
  return out;
}

std::string counted(uint64_t count, std::string_view one, std::string_view many) {
  return human_count(count) + " " + std::string(count == 1 ? one : many);
}

std::string human_ratio(uint64_t before_bytes, uint64_t after_bytes) {
  if (before_bytes == 0 || after_bytes == 0) return "-";
  return format("%.2f : 1", static_cast<double>(before_bytes) / static_cast<double>(after_bytes));
}

std::string local_time(int64_t time_ns) {
  int64_t nanoseconds = 0;
  const std::tm at = local(time_ns, &nanoseconds);
  char out[64];
  return std::string(out, std::strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S", &at));
}

std::string rfc3339(int64_t time_ns) {
  int64_t nanoseconds = 0;
  const std::tm at = local(time_ns, &nanoseconds);
  char out[64];
  std::string text(out, std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%S", &at));
  const long minutes = std::labs(at.tm_gmtoff) / 60;
  return text + format(".%09lld%c%02ld:%02ld", static_cast<long long>(nanoseconds), at.tm_gmtoff < 0 ? '-' : '+', minutes / 60,
                       minutes % 60);
}

std::string mode_string(EntryType type, uint32_t mode) {
  static constexpr char kTypes[] = "?-dlpcb";  // by the numbers of EntryType
  const auto number = static_cast<size_t>(type);
  std::string out(1, number < sizeof kTypes - 1 ? kTypes[number] : '?');
  for (int shift = 6; shift >= 0; shift -= 3) {
    const uint32_t bits = mode >> shift & 7;
    out += bits & 4 ? 'r' : '-';
    out += bits & 2 ? 'w' : '-';
    const bool special = (mode & (shift == 6 ? 04000U : shift == 3 ? 02000U : 01000U)) != 0;
    const char letter = shift == 0 ? 't' : 's';
    out += special ? (bits & 1 ? letter : static_cast<char>(letter - 'a' + 'A')) : bits & 1 ? 'x' : '-';
  }
  return out;
}

size_t columns(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

std::string shortened(std::string_view text, size_t width) {
  const size_t all = columns(text);
  if (all <= width) return std::string(text);
  if (width < 5) return std::string(width, '.');
  const size_t head = (width - 3) / 2, tail = width - 3 - head;
  std::string first, last;
  size_t seen = 0;
  for (const char c : text) {
    if ((static_cast<uint8_t>(c) & 0xc0) != 0x80) ++seen;
    if (seen <= head) first += c;
    if (seen > all - tail) last += c;
  }
  return first + "..." + last;
}

}  // namespace cairn
