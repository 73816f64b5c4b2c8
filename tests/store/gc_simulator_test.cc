// The deletion protocol under every order of steps that seeds and a bounded search come up with.
#include "tests/store/gc_simulator.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

// Sanitized, a step takes thirty times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr uint64_t kSeeds = 2'000, kMutantSeeds = 400'000, kOrders = 5'000;
#else
constexpr uint64_t kSeeds = 20'000, kMutantSeeds = 400'000, kOrders = 60'000;
#endif

TEST(GcSimulator, NothingIsLostInThousandsOfRuns) {
  uint64_t saved = 0, deleted = 0, overtaken = 0, compacted = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Simulation what;
    what.writers = 1 + static_cast<int>(seed % 3);
    what.prunes = 1 + static_cast<int>(seed / 3 % 3);
    SimulationResult result = simulate(seed, what);
    ASSERT_EQ(result.loss, "") << "seed " << seed << ", steps " << result.steps;
    saved += result.saved;
    deleted += result.deleted;
    overtaken += result.overtaken;
    compacted += result.compacted;
  }
  // The runs are worth something only if things happen in them.
  EXPECT_GT(saved, kSeeds / 2);
  EXPECT_GT(deleted, kSeeds / 4);
  EXPECT_GT(overtaken, kSeeds / 100);
  EXPECT_GT(compacted, kSeeds / 10);
  std::printf("%llu saved, %llu packs deleted, %llu backups overtaken, %llu packs compacted\n", static_cast<unsigned long long>(saved),
              static_cast<unsigned long long>(deleted), static_cast<unsigned long long>(overtaken), static_cast<unsigned long long>(compacted));
}

TEST(GcSimulator, NothingIsLostInAnyOrderOfASmallRun) {
  Simulation one{1, 1, true, true, true, Mutant::kNone};
  SearchResult result = search(one, 3, 6 * kOrders);
  EXPECT_EQ(result.found.loss, "") << result.found.steps;
  EXPECT_GT(result.runs, 1000u);
  Simulation two{1, 2, true, true, true, Mutant::kNone};
  SearchResult more = search(two, 3, kOrders);
  EXPECT_EQ(more.found.loss, "") << more.found.steps;
  EXPECT_GT(more.runs, 1000u);
  std::printf("%llu and %llu orders\n", static_cast<unsigned long long>(result.runs), static_cast<unsigned long long>(more.runs));
}

TEST(GcSimulator, ASpacedOutRunDeletesWhatNothingNeeds) {
  Simulation quiet{1, 2, false, false, false, Mutant::kNone};
  SearchResult result = search(quiet, 0, 10'000);
  EXPECT_EQ(result.found.loss, "");
}

// Three prunes: one has declared a writer dead and sleeps before its last listing; one waits for another writer and only takes the dead
// one's lease away; one finds no trace of it but that first list, and deletes.  Then the writer's snapshot appears, the sleeper accepts it.
TEST(GcSimulator, AWriterThatIsDeadToOnePruneIsDeadToAll) {
  const char* steps = "-aaaaaaaaa!ccccccccccccbbddddddddddbbbbbbbbbbeeeeeeeeeeeacceeeeeeec";
  Simulation what{2, 3, true, true, true, Mutant::kNone};
  EXPECT_EQ(replay(steps, what).loss, "");
  what.mutant = Mutant::kRevokedWhileThere;
  EXPECT_NE(replay(steps, what).loss, "") << "the steps no longer show it: look for others";
}

class GcMutants : public testing::TestWithParam<Mutant> {};

TEST_P(GcMutants, ALossIsFoundWhenARuleIsLeftOut) {
  Simulation what;
  what.mutant = GetParam();
  for (uint64_t seed = 1; seed <= kMutantSeeds; ++seed) {
    what.writers = 1 + static_cast<int>(seed % 3);
    what.prunes = 1 + static_cast<int>(seed / 3 % 3);
    if (!simulate(seed, what).loss.empty()) return;
  }
  ADD_FAILURE() << "no seed finds it";
}

std::string mutant_name(const testing::TestParamInfo<Mutant>& tested) {
  switch (tested.param) {
    case Mutant::kNone: return "None";
    case Mutant::kNotRevoked: return "NotRevoked";
    case Mutant::kOneListing: return "OneListing";
    case Mutant::kListOverwritten: return "ListOverwritten";
    case Mutant::kNothingCarried: return "NothingCarried";
    case Mutant::kTieByNumber: return "TieByNumber";
    case Mutant::kLateIsGood: return "LateIsGood";
    case Mutant::kRevokeAfterListing: return "RevokeAfterListing";
    case Mutant::kRevokedOnce: return "RevokedOnce";
    case Mutant::kRevokedWhileThere: return "RevokedWhileThere";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(Rules, GcMutants,
                         testing::Values(Mutant::kNotRevoked, Mutant::kOneListing, Mutant::kListOverwritten, Mutant::kNothingCarried,
                                         Mutant::kTieByNumber, Mutant::kLateIsGood, Mutant::kRevokeAfterListing, Mutant::kRevokedOnce),
                         mutant_name);

}  // namespace
}  // namespace cairn
