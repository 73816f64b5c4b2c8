#include "store/retention/arrivals.h"

#include <gtest/gtest.h>

namespace cairn {

namespace {

constexpr int64_t kMinuteNs = kHourNs / 60;
constexpr int64_t kStart = 1'700'000'000'000'000'000;

ClientId client(uint8_t number) {
  ClientId id;
  id.bytes[0] = number;
  return id;
}
Arrival arrival(int64_t claimed_ns, int64_t received_ns) { return {client(1), "web", true, kStart + claimed_ns, kStart + received_ns}; }
// One a night, each received some minutes after it began.
std::vector<Arrival> nightly_arrivals(int64_t count) {
  std::vector<Arrival> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(arrival(i * kDayNs, i * kDayNs + 20 * kMinuteNs));
  return out;
}
size_t doubted(const std::vector<BelievedTime>& times) {
  size_t count = 0;
  for (const BelievedTime& time : times) count += time.doubt.empty() ? 0 : 1;
  return count;
}

TEST(Arrivals, HonestNightsAreBelieved) {
  const auto arrivals = nightly_arrivals(400);
  for (int64_t created : {kStart, kStart - 900 * kDayNs}) {
    const auto times = believed_times(arrivals, created);
    for (size_t i = 0; i < times.size(); ++i) {
      EXPECT_EQ(times[i].time_ns, arrivals[i].claimed_ns);
      EXPECT_EQ(times[i].doubt, "");
      EXPECT_EQ(times[i].burst, 0U);
    }
  }
}

TEST(Arrivals, ATimeInTheFutureCountsFromItsArrival) {
  auto some = nightly_arrivals(3);
  some.push_back(arrival(30 * kDayNs, 3 * kDayNs));
  some.push_back(arrival(4 * kDayNs + kDayNs, 4 * kDayNs));   // a clock that is a day ahead is a clock that is wrong
  const auto times = believed_times(some, kStart);
  EXPECT_EQ(times[3].time_ns, some[3].received_ns);
  EXPECT_NE(times[3].doubt, "");
  EXPECT_EQ(times[4].time_ns, some[4].claimed_ns);
  // Nor does it bring those after it into doubt.
  some.push_back(arrival(6 * kDayNs, 6 * kDayNs + kMinuteNs));
  EXPECT_EQ(believed_times(some, kStart)[5].doubt, "");
}

TEST(Arrivals, BackDatedOnesCountFromTheirArrival) {
  auto some = nightly_arrivals(100);
  const int64_t now = 100 * kDayNs;
  for (int64_t i = 0; i < 40; ++i) some.push_back(arrival(i * kDayNs + 12 * kHourNs, now + i * kMinuteNs / 10));
  const auto times = believed_times(some, kStart);
  EXPECT_EQ(doubted(times), 40U);
  for (size_t i = 100; i < some.size(); ++i) EXPECT_EQ(times[i].time_ns, some[i].received_ns);
  EXPECT_EQ(times[0].burst, 0U);
}

TEST(Arrivals, OthersAndOwnersBringNobodyIntoDoubt) {
  auto some = nightly_arrivals(10);
  some.push_back(arrival(2 * kDayNs, 11 * kDayNs));
  some.back().author = client(2);
  some.push_back(arrival(2 * kDayNs, 11 * kDayNs));
  some.back().host = "db";
  some.push_back(arrival(2 * kDayNs, 11 * kDayNs));
  some.back().by_writer = false;
  EXPECT_EQ(doubted(believed_times(some, kStart)), 0U);
}

TEST(Arrivals, RunsThatOverlapAreBelieved) {
  std::vector<Arrival> some = {arrival(50 * kMinuteNs, 51 * kMinuteNs), arrival(0, 100 * kMinuteNs)};
  EXPECT_EQ(doubted(believed_times(some, kStart)), 0U);
  some = {arrival(70 * kMinuteNs, 71 * kMinuteNs), arrival(0, 130 * kMinuteNs)};
  EXPECT_EQ(doubted(believed_times(some, kStart)), 0U);
  some = {arrival(70 * kMinuteNs, 71 * kMinuteNs), arrival(0, 131 * kMinuteNs)};
  EXPECT_EQ(doubted(believed_times(some, kStart)), 1U);
}

TEST(Arrivals, MoreThanFiftyInADayAreABurst) {
  auto some = nightly_arrivals(10);
  for (int64_t i = 0; i < 50; ++i) some.push_back(arrival(20 * kDayNs + i * kMinuteNs, 20 * kDayNs + i * kMinuteNs));
  EXPECT_EQ(believed_times(some, kStart)[0].burst, 0U);
  some.push_back(arrival(20 * kDayNs + kHourNs, 20 * kDayNs + kHourNs));
  some.push_back(arrival(21 * kDayNs + 12 * kHourNs, 21 * kDayNs + 12 * kHourNs));   // of the next day
  Arrival other = arrival(0, 0);
  other.author = client(2);
  some.push_back(other);
  const auto times = believed_times(some, kStart);
  EXPECT_EQ(times[0].burst, 51U);      // all of that writer's
  EXPECT_EQ(times.back().burst, 0U);   // not another's
  for (Arrival& a : some) a.by_writer = false;
  EXPECT_EQ(believed_times(some, kStart)[0].burst, 0U);
}

// A repository copied without its files' times, in whatever order, over some hours: nothing is in doubt.  What comes later is judged.
TEST(Arrivals, ACopiedRepositoryIsBelieved) {
  auto some = nightly_arrivals(200);
  const int64_t copied = 300 * kDayNs;
  for (size_t i = 0; i < some.size(); ++i)
    some[i].received_ns = kStart + copied + static_cast<int64_t>((i * 77) % 200) * 3 * kMinuteNs;
  auto times = believed_times(some, kStart);
  EXPECT_EQ(doubted(times), 0U);
  EXPECT_EQ(times[0].burst, 0U);
  for (int64_t i = 0; i < 60; ++i) some.push_back(arrival(i * kDayNs, 302 * kDayNs + i * kMinuteNs));
  times = believed_times(some, kStart);
  EXPECT_EQ(doubted(times), 60U);
  EXPECT_EQ(times[0].burst, 60U);
  // In a repository that is as young as its first snapshot nothing can have been copied.
  EXPECT_GT(doubted(believed_times(std::span(some).first(200), kStart + copied)), 0U);
}

TEST(Arrivals, AStorageThatKnowsNoTimesDoubtsNothing) {
  std::vector<Arrival> some;
  for (int64_t i = 0; i < 100; ++i) some.push_back({client(1), "web", true, kStart - i * kDayNs, 0});
  EXPECT_EQ(doubted(believed_times(some, kStart)), 0U);
  for (int64_t claimed : {INT64_MIN, INT64_MAX}) {
    some.push_back({client(1), "web", true, claimed, kStart + kDayNs});
    EXPECT_EQ(believed_times(some, kStart).back().time_ns, claimed == INT64_MIN ? claimed : kStart + kDayNs);
  }
}

}  // namespace

}  // namespace cairn
