// What people say shall be kept: so many of the last, of days, of weeks …
//
// Threads:  functions are thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/retention/calendar.h"

namespace cairn {

// Zero: that rule keeps nothing.  Each keeps what it keeps; what none keeps is forgotten.
struct KeepRules {
  int last = 0;                                              // the newest so many
  int hourly = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0;  // the newest of so many hours, days … that have any
  std::optional<Span> within;                                // all that are at most so much older than the newest
  std::vector<std::string> tags;                             // all with one of these
  bool empty() const { return *this == KeepRules{}; }
  bool operator==(const KeepRules&) const = default;
};

// "standard": 7 daily, 4 weekly, 12 monthly.  "last10": the last 10.   kInvalidArgument, naming these, for another name.
KeepRules preset_rules(std::string_view name);
// What either of them keeps.
KeepRules both_rules(const KeepRules& a, const KeepRules& b);
// "hourly=168,daily=30": last, hourly, daily, weekly, monthly, yearly, within, tag.   kInvalidArgument.
KeepRules parse_rules(std::string_view text);

// "db:hourly=168,daily=30": rules for the component db.   kInvalidArgument.
struct ComponentRules {
  std::string component;
  KeepRules rules;
};
ComponentRules parse_component_rules(std::string_view text);

}  // namespace cairn
