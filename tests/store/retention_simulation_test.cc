// A calendar that is lived through: one snapshot a night (or an hour), and every day what the rules don't keep is gone for good.
#include <set>

#include "store/retention/policy.h"
#include "tests/store/retention_fixture.h"

namespace cairn {

namespace {

constexpr int64_t kSimulatedHour = 3'600'000'000'000;

std::vector<RetentionSnapshot> left_by(const std::vector<RetentionSnapshot>& there, const RetentionPolicy& policy) {
  const std::vector<Decision> decisions = decide(there, policy);
  std::vector<RetentionSnapshot> left;
  for (size_t i = 0; i < there.size(); ++i)
    if (decisions[i].keep) left.push_back(there[i]);
  return left;
}

std::vector<RetentionSnapshot> live_through(int64_t first, int64_t until, int64_t step, int64_t forget_every, const RetentionPolicy& policy) {
  std::vector<RetentionSnapshot> there;
  int64_t next_forget = first;
  uint64_t number = 0;
  for (int64_t now = first; now < until; now += step) {
    there.push_back(retained(number++, now));
    if (now < next_forget) continue;
    next_forget = now + forget_every;
    there = left_by(there, policy);
  }
  return there;
}

// How many different hours, days … the snapshots are in, counted by their names.
size_t count_of(const std::vector<RetentionSnapshot>& there, const char* format) {
  std::set<std::string> names;
  for (const RetentionSnapshot& s : there) {
    const time_t seconds = s.time_ns / 1'000'000'000;
    std::tm tm{};
    ::localtime_r(&seconds, &tm);
    char name[64];
    names.insert(std::string(name, ::strftime(name, sizeof name, format, &tm)));
  }
  return names.size();
}
size_t kept_by(const std::vector<RetentionSnapshot>& there, const RetentionPolicy& policy, const std::string& rule) {
  size_t count = 0;
  for (const Decision& decision : decide(there, policy))
    for (const std::string& reason : decision.reasons) count += reason.starts_with(rule) ? 1 : 0;
  return count;
}

TEST(RetentionSimulation, After400NightsThereAre7Days4WeeksAnd12Months) {
  TimeZone zone("Europe/Berlin");
  const RetentionPolicy policy{preset_rules("standard"), {}};
  for (int start = 1; start <= 28; ++start) {
    const int64_t first = at("2025-10-" + std::string(start < 10 ? "0" : "") + std::to_string(start) + " 02:30");
    const auto there = live_through(first, first + 400 * 24 * kSimulatedHour, 24 * kSimulatedHour, 24 * kSimulatedHour, policy);
    EXPECT_EQ(kept_by(there, policy, "daily"), 7U);
    EXPECT_EQ(kept_by(there, policy, "weekly"), 4U);
    EXPECT_EQ(kept_by(there, policy, "monthly"), 12U);
    EXPECT_EQ(kept_by(there, policy, "newest"), 1U);
    EXPECT_EQ(count_of(there, "%Y-%m"), 12U);
    // Who never forgot until today has the same ones left.
    std::vector<RetentionSnapshot> all, left;
    for (int64_t i = 0; i < 400; ++i) all.push_back(retained(static_cast<uint64_t>(i), first + i * 24 * kSimulatedHour));
    left = left_by(all, policy);
    ASSERT_EQ(there.size(), left.size());
    for (size_t i = 0; i < left.size(); ++i) EXPECT_EQ(there[i].id, left[i].id);
    EXPECT_EQ(there.back().id, all.back().id);
  }
}

TEST(RetentionSimulation, HourlyOnesThinOutAndClockChangesLoseNothing) {
  TimeZone zone("Europe/Berlin");
  const RetentionPolicy policy{parse_rules("hourly=168,daily=30,weekly=8"), {}};
  const int64_t first = at("2025-10-01 00:10");
  for (int64_t days : {400, 393, 30}) {
    const auto there = live_through(first, first + days * 24 * kSimulatedHour, kSimulatedHour, 24 * kSimulatedHour, policy);
    EXPECT_EQ(kept_by(there, policy, "hourly"), 168U) << days;
    EXPECT_EQ(kept_by(there, policy, "daily"), 30U) << days;
    EXPECT_EQ(kept_by(there, policy, "weekly"), days == 30 ? 5U : 8U) << days;
  }
}

TEST(RetentionSimulation, TwelveNightsWithLast10LeaveTen) {
  TimeZone zone("UTC");
  const RetentionPolicy policy{preset_rules("last10"), {}};
  const auto there = live_through(at("2026-11-01 00:00"), at("2026-11-13 00:00"), 24 * kSimulatedHour, 24 * kSimulatedHour, policy);
  ASSERT_EQ(there.size(), 10U);
  EXPECT_EQ(there.front().time_ns, at("2026-11-03 00:00"));
}

}  // namespace

}  // namespace cairn
