// Snapshots as the rules see them, made in a few words, in a time zone of the test's choice.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "store/retention/policy.h"

namespace cairn {

// The local time zone, as long as this lives.
class TimeZone {
 public:
  explicit TimeZone(const char* name) : before_(std::getenv("TZ") ? std::getenv("TZ") : "") { set(name); }
  ~TimeZone() { set(before_.empty() ? nullptr : before_.c_str()); }

 private:
  static void set(const char* name) {
    name ? ::setenv("TZ", name, 1) : ::unsetenv("TZ");
    ::tzset();
  }
  std::string before_;
};

// "2026-10-25 02:30", local time; of an hour that comes twice the first, with `second` the second.
inline int64_t at(const std::string& text, bool second = false) {
  std::tm tm{};
  if (!::strptime(text.c_str(), "%Y-%m-%d %H:%M", &tm)) ADD_FAILURE() << text;
  tm.tm_isdst = second ? 0 : 1;
  int64_t time = ::mktime(&tm);
  std::tm found{};
  const time_t seconds = time;
  ::localtime_r(&seconds, &found);
  // mktime was told that there is summer time, and there is none (or the other way): then it shifted the hour.
  if (found.tm_hour != std::stoi(text.substr(11, 2))) {
    ::strptime(text.c_str(), "%Y-%m-%d %H:%M", &tm);
    tm.tm_isdst = -1;
    time = ::mktime(&tm);
  }
  return time * 1'000'000'000;
}

inline SnapshotId snapshot_id(uint64_t number) {
  SnapshotId id;
  for (size_t i = 0; i < 8; ++i) id.bytes[i] = static_cast<uint8_t>(number >> (56 - 8 * i));
  return id;
}

inline RetentionSnapshot retained(uint64_t number, int64_t time_ns) {
  RetentionSnapshot out;
  out.id = snapshot_id(number);
  out.group = "group";
  out.time_ns = time_ns;
  out.components = {{"tree", false}};
  return out;
}

inline std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : "; ") + word;
  return out;
}

}  // namespace cairn
