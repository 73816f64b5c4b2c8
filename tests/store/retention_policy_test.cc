#include "store/retention/policy.h"

#include "store/error.h"
#include "tests/store/retention_fixture.h"

namespace cairn {

namespace {

constexpr int64_t kDay = 86'400'000'000'000;

// One a night, oldest first, the last of them on Friday 20 November 2026.
std::vector<RetentionSnapshot> nights(size_t count) {
  std::vector<RetentionSnapshot> out;
  for (size_t i = 0; i < count; ++i) out.push_back(retained(i, at("2026-11-20 03:00") - static_cast<int64_t>(count - 1 - i) * kDay));
  return out;
}
RetentionPolicy policy_of(const std::string& rules) { return {parse_rules(rules), {}}; }
// The numbers of those that stay.
std::vector<size_t> kept(const std::vector<Decision>& decisions) {
  std::vector<size_t> out;
  for (size_t i = 0; i < decisions.size(); ++i)
    if (decisions[i].keep) out.push_back(i);
  return out;
}
using Numbers = std::vector<size_t>;

class RetentionPolicyTest : public testing::Test {
  TimeZone zone_{"UTC"};
};

TEST_F(RetentionPolicyTest, EachReasonIsTold) {
  auto some = nights(9);
  some[1].tags = {"release"};
  const auto decisions = decide(some, policy_of("last=2,daily=3,weekly=2,within=3d,tag=release"));
  EXPECT_EQ(kept(decisions), (Numbers{1, 3, 5, 6, 7, 8}));
  EXPECT_EQ(joined(decisions[8].reasons), "last 1 of 2; daily 1 of 3; weekly 1 of 2; within 3d; newest of its group");
  EXPECT_EQ(joined(decisions[6].reasons), "daily 3 of 3; within 3d");
  EXPECT_EQ(joined(decisions[5].reasons), "within 3d");
  EXPECT_EQ(joined(decisions[3].reasons), "weekly 2 of 2");   // Sunday
  EXPECT_EQ(joined(decisions[1].reasons), "tag release");
  EXPECT_EQ(joined(decisions[0].reasons), "no rule keeps it");
}

TEST_F(RetentionPolicyTest, APolicyThatKeepsNothingIsRefused) {
  EXPECT_THROW(decide(nights(3), {}), Error);
  EXPECT_THROW(decide({}, RetentionPolicy{{}, {{"db", {}}}}), Error);
  EXPECT_TRUE(decide({}, policy_of("last=1")).empty());
}

TEST_F(RetentionPolicyTest, ATagThatNobodyHasLeavesTheNewestOfEachGroup) {
  auto some = nights(6);
  for (size_t i = 0; i < 3; ++i) some[i].group = "other";
  const auto decisions = decide(some, policy_of("tag=typo"));
  EXPECT_EQ(kept(decisions), (Numbers{2, 5}));
  EXPECT_EQ(joined(decisions[5].reasons), "newest of its group");
  some.resize(4);
  EXPECT_EQ(joined(decide(some, policy_of("tag=typo"))[3].reasons), "only one of its group");
}

TEST_F(RetentionPolicyTest, GroupsDontTakeEachOthersPlaces) {
  auto some = nights(6);
  for (size_t i = 0; i < 6; i += 2) some[i].group = "other";
  EXPECT_EQ(kept(decide(some, policy_of("last=2"))), (Numbers{2, 3, 4, 5}));
}

TEST_F(RetentionPolicyTest, ProtectedVerifiedAndHeldOnesStay) {
  auto some = nights(8);
  some[0].is_protected = true;
  some[1].verified = some[2].verified = true;
  some[3].held = "somebody said so";
  const auto decisions = decide(some, policy_of("last=1"));
  EXPECT_EQ(kept(decisions), (Numbers{0, 2, 3, 7}));
  EXPECT_EQ(joined(decisions[0].reasons), "protected");
  EXPECT_EQ(joined(decisions[2].reasons), "last one verified");
  EXPECT_EQ(joined(decisions[3].reasons), "somebody said so");
}

TEST_F(RetentionPolicyTest, LateOnesStayAndCountForNothing) {
  auto some = nights(4);
  some[3].late = some[3].verified = true;
  const auto decisions = decide(some, policy_of("last=1"));
  EXPECT_EQ(kept(decisions), (Numbers{2, 3}));
  EXPECT_EQ(joined(decisions[2].reasons), "last 1 of 1; newest of its group");
  EXPECT_EQ(joined(decisions[3].reasons), "not to be judged until it was checked");
  for (RetentionSnapshot& s : some) s.late = true;
  EXPECT_EQ(kept(decide(some, policy_of("last=1"))), (Numbers{0, 1, 2, 3}));
}

TEST_F(RetentionPolicyTest, AnIncompleteOnePushesNoCompleteOneOut) {
  auto some = nights(6);
  for (size_t i : {2U, 3U, 5U}) some[i].components[0].incomplete = true;
  const auto decisions = decide(some, policy_of("last=2"));
  EXPECT_EQ(kept(decisions), (Numbers{1, 4, 5}));
  EXPECT_EQ(joined(decisions[5].reasons), "last 1 of 2, incomplete; newest of its group");
  EXPECT_EQ(joined(decisions[4].reasons), "last 1 of 2; newest complete one of its group");
  EXPECT_EQ(joined(decisions[1].reasons), "last 2 of 2");
}

TEST_F(RetentionPolicyTest, OfOneDayTheNewestCompleteOneIsKept) {
  std::vector<RetentionSnapshot> some;
  for (uint64_t i = 0; i < 4; ++i) some.push_back(retained(i, at("2026-11-20 03:00") + static_cast<int64_t>(i) * kDay / 24));
  some.push_back(retained(4, at("2026-11-21 03:00")));
  some[3].components[0].incomplete = true;
  EXPECT_EQ(kept(decide(some, policy_of("daily=7"))), (Numbers{2, 4}));
}

TEST_F(RetentionPolicyTest, WhereNothingIsCompleteRulesCountAllTheSame) {
  auto some = nights(20);
  for (RetentionSnapshot& s : some) s.components[0].incomplete = true;
  EXPECT_EQ(kept(decide(some, policy_of("daily=3"))), (Numbers{17, 18, 19}));
}

// --keep db:daily=6 --keep media:weekly=2: one line of snapshots, each component at its own pace.
TEST_F(RetentionPolicyTest, ComponentsAreKeptAtTheirOwnPace) {
  auto some = nights(12);
  for (RetentionSnapshot& s : some) s.components = {{"db", false}, {"media", false}};
  RetentionPolicy policy{{}, {{"db", parse_rules("daily=4")}, {"media", parse_rules("weekly=2")}}};
  const auto decisions = decide(some, policy);
  EXPECT_EQ(kept(decisions), (Numbers{6, 8, 9, 10, 11}));
  EXPECT_FALSE(decisions[11].reduced());
  EXPECT_EQ(decisions[10].components, std::vector<std::string>{"db"});
  EXPECT_EQ(joined(decisions[10].reasons), "db: daily 2 of 4; media: no rule keeps it");
  EXPECT_EQ(decisions[6].components, std::vector<std::string>{"media"});
  EXPECT_EQ(joined(decisions[6].reasons), "media: weekly 2 of 2; db: no rule keeps it");
  EXPECT_EQ(joined(decisions[0].reasons), "db: no rule keeps it; media: no rule keeps it");
}

TEST_F(RetentionPolicyTest, ComponentsWithoutARuleAreKept) {
  auto some = nights(3);
  for (RetentionSnapshot& s : some) s.components = {{"db", false}, {"media", false}};
  const auto decisions = decide(some, {{}, {{"db", parse_rules("last=1")}}});
  EXPECT_EQ(kept(decisions), (Numbers{0, 1, 2}));
  EXPECT_EQ(decisions[0].components, std::vector<std::string>{"media"});
  EXPECT_EQ(joined(decisions[0].reasons), "media: there is no rule for it; db: no rule keeps it");
  // General rules are for those.
  EXPECT_EQ(kept(decide(some, {parse_rules("last=2"), {{"db", parse_rules("last=1")}}})), (Numbers{1, 2}));
}

TEST_F(RetentionPolicyTest, ReducedOnesStayInTheirComponentsLine) {
  auto some = nights(4);
  for (RetentionSnapshot& s : some) s.components = {{"db", false}, {"media", false}};
  some[0].components = some[1].components = {{"media", false}};
  const auto decisions = decide(some, {{}, {{"db", parse_rules("last=1")}, {"media", parse_rules("last=3")}}});
  EXPECT_EQ(kept(decisions), (Numbers{1, 2, 3}));
  EXPECT_FALSE(decisions[1].reduced());
  EXPECT_TRUE(decisions[2].reduced());
}

TEST_F(RetentionPolicyTest, ProtectedVerifiedLateHeldAndDoubtedOnesAreNotParted) {
  auto some = nights(7);
  for (RetentionSnapshot& s : some) s.components = {{"db", false}, {"media", false}};
  some[0].is_protected = true;
  some[1].verified = true;
  some[2].late = true;
  some[3].held = "held";
  some[4].doubt = "doubted";
  const auto decisions = decide(some, {{}, {{"db", parse_rules("last=9")}, {"media", parse_rules("last=1")}}});
  EXPECT_EQ(kept(decisions), (Numbers{0, 1, 2, 3, 4, 5, 6}));
  for (size_t i = 0; i < 5; ++i) EXPECT_FALSE(decisions[i].reduced()) << i;
  EXPECT_TRUE(decisions[5].reduced());
  EXPECT_EQ(joined(decisions[4].reasons), "db: last 3 of 9; not parted: the time it claims isn't believed");
}

TEST_F(RetentionPolicyTest, AnIncompleteComponentDoesNotSpoilTheOthers) {
  auto some = nights(3);
  for (RetentionSnapshot& s : some) s.components = {{"db", false}, {"media", false}};
  some[2].components[1].incomplete = true;
  const auto decisions = decide(some, {parse_rules("last=1"), {{"db", parse_rules("last=1")}}});
  EXPECT_EQ(kept(decisions), (Numbers{1, 2}));
  EXPECT_EQ(decisions[1].components, std::vector<std::string>{"media"});
}

}  // namespace

}  // namespace cairn
