#include "cli/time_in_name.h"

#include <ctime>
#include <regex>

namespace cairn {

namespace {

// nullopt for the 30th of February, and what else is no time.
std::optional<int64_t> to_ns(const std::smatch& match, bool utc) {
  auto number = [&](size_t group) { return match[group].matched ? std::stoi(match[group].str()) : 0; };
  std::tm wanted{};
  wanted.tm_year = number(1) - 1900;
  wanted.tm_mon = number(2) - 1;
  wanted.tm_mday = number(3);
  wanted.tm_hour = number(4);
  wanted.tm_min = number(5);
  wanted.tm_sec = number(6);
  wanted.tm_isdst = -1;
  std::tm made = wanted;
  const std::time_t seconds = utc ? ::timegm(&made) : ::mktime(&made);
  if (made.tm_mday != wanted.tm_mday || made.tm_mon != wanted.tm_mon || wanted.tm_hour > 23 || wanted.tm_min > 59 || wanted.tm_sec > 60)
    return std::nullopt;
  return int64_t{seconds} * 1'000'000'000;
}

}  // namespace

std::optional<int64_t> parse_time_ns(const std::string& text) {
  static const std::regex form(R"((\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?)?(Z?))");
  std::smatch match;
  if (!std::regex_match(text, match, form)) return std::nullopt;
  return to_ns(match, match[7].length() > 0);
}

std::optional<int64_t> time_in_name_ns(const std::string& name) {
  static const std::regex form(R"((?:^|[^\d])((?:19|20)\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?:[-_T. ]?(\d\d)[-_:.h]?(\d\d)(?:[-_:.m]?(\d\d))?)?(?=[^\d]|$))");
  std::smatch match;
  if (!std::regex_search(name, match, form)) return std::nullopt;
  return to_ns(match, false);
}

}  // namespace cairn
