#include "store/retention/rules.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "store/error.h"

namespace cairn {

namespace {

struct NamedCount {
  std::string_view name;
  int KeepRules::*count;
};
constexpr std::array<NamedCount, 6> kCounts = {{{"last", &KeepRules::last}, {"hourly", &KeepRules::hourly}, {"daily", &KeepRules::daily},
                                                {"weekly", &KeepRules::weekly}, {"monthly", &KeepRules::monthly}, {"yearly", &KeepRules::yearly}}};

Error refusal(std::string_view text, const std::string& why) {
  return Error(ErrorCode::kInvalidArgument, "\"" + printable(text) + "\": " + why);
}

int parse_count(std::string_view rule, std::string_view digits) {
  int count = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc{} || end != digits.data() + digits.size() || count < 1)
    throw refusal(rule, "write a number of at least 1, like daily=7");
  return count;
}

void apply(std::string_view rule, KeepRules& rules) {
  const size_t equals = rule.find('=');
  if (equals == std::string_view::npos || equals + 1 == rule.size()) throw refusal(rule, "write rules like hourly=168,daily=30");
  const std::string_view name = rule.substr(0, equals), value = rule.substr(equals + 1);
  if (name == "within") {
    rules.within = parse_span(value);
  } else if (name == "tag") {
    rules.tags.emplace_back(value);
  } else if (auto* found = std::ranges::find(kCounts, name, &NamedCount::name); found != kCounts.end()) {
    rules.*found->count = parse_count(rule, value);
  } else {
    throw refusal(rule, "there are last, hourly, daily, weekly, monthly, yearly, within and tag");
  }
}

}  // namespace

KeepRules preset_rules(std::string_view name) {
  KeepRules rules;
  if (name == "standard") {
    rules.daily = 7;
    rules.weekly = 4;
    rules.monthly = 12;
  } else if (name == "last10") {
    rules.last = 10;
  } else {
    throw Error(ErrorCode::kInvalidArgument, "\"" + printable(name) + "\": there are the presets standard (7 daily, 4 weekly, 12 monthly) "
                                             "and last10 (the last 10)");
  }
  return rules;
}

KeepRules both_rules(const KeepRules& a, const KeepRules& b) {
  KeepRules out = a;
  for (const NamedCount& rule : kCounts) out.*rule.count = std::max(a.*rule.count, b.*rule.count);
  // Whichever reaches further back, seen from a day in the middle of a long month.
  constexpr int64_t kSomeDay = 1'700'000'000'000'000'000;
  if (b.within && (!a.within || time_before(kSomeDay, *b.within) < time_before(kSomeDay, *a.within))) out.within = b.within;
  out.tags.insert(out.tags.end(), b.tags.begin(), b.tags.end());
  return out;
}

KeepRules parse_rules(std::string_view text) {
  KeepRules rules;
  for (std::string_view rest = text;;) {
    const size_t comma = rest.find(',');
    apply(rest.substr(0, comma), rules);
    if (comma == std::string_view::npos) return rules;
    rest.remove_prefix(comma + 1);
  }
}

ComponentRules parse_component_rules(std::string_view text) {
  // A component's name may have a ':' of its own, and so may a tag.
  const size_t equals = text.find('='), colon = text.substr(0, equals).rfind(':');
  if (equals == std::string_view::npos || colon == std::string_view::npos || colon == 0)
    throw refusal(text, "write COMPONENT:RULES, like db:hourly=168,daily=30");
  return {std::string(text.substr(0, colon)), parse_rules(text.substr(colon + 1))};
}

}  // namespace cairn
