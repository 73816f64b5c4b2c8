// The k-th operation fails, or the process dies at it, for every k: what was there before is whole, and the next run just works.
#include <gtest/gtest.h>

#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

struct Mode {
  std::string name;
  std::optional<ErrorCode> code;  // nullopt: the process dies
  bool sticky = false;
  Effect effect = Effect::kNone;
};

const Mode kModes[] = {{"kIo once", ErrorCode::kIo},
                       {"kIo once, answer lost", ErrorCode::kIo, false, Effect::kHappened},
                       {"kIo for ever", ErrorCode::kIo, true},
                       {"kNoSpace for ever", ErrorCode::kNoSpace, true},
                       {"dies", std::nullopt},
                       {"dies, it happened", std::nullopt, true, Effect::kHappened}};

void arm(FaultBackend& faults, const Mode& mode, uint64_t k) {
  if (mode.code) faults.fail_at(k, *mode.code, mode.sticky, mode.effect);
  else faults.die_at(k, mode.effect);
}

// True when `work` came to its end.
template <class Work>
bool ran_through(Work work) {
  try {
    work();
    return true;
  } catch (const Error& e) {
    EXPECT_TRUE(e.code() == ErrorCode::kIo || e.code() == ErrorCode::kNoSpace || e.code() == ErrorCode::kLocked) << e.what();
  } catch (const ProcessDied&) {
  }
  return false;
}

TEST(Fault, AfterAnInterruptedInitTheNextInitJustWorks) {
  MemoryBackend scratch;
  FaultBackend counting(scratch);
  Repository::init(counting, kTestPassword, cheap_options());
  uint64_t operations = counting.count();
  ASSERT_GE(operations, 8u);
  TempDir cache;
  for (const Mode& mode : kModes)
    for (uint64_t k = 1; k <= operations; ++k) {
      SCOPED_TRACE(mode.name + " at operation " + std::to_string(k));
      MemoryBackend memory;
      FaultBackend breaking(memory);
      arm(breaking, mode, k);
      bool made = ran_through([&] { Repository::init(breaking, kTestPassword, cheap_options()); });
      bool there = !memory.list("config").empty();
      EXPECT_TRUE(there || !made);
      if (!there) Repository::init(memory, kTestPassword, cheap_options());
      Repository repository(memory, kTestPassword, cache / "x");
      back_up(repository, {{"file", prose(100, 1)}});
      CheckReport report = check_all(repository);
      EXPECT_TRUE(report.damage.empty()) << describe(report);
      EXPECT_EQ(code_of([&] { Repository(memory, "wrong", cache / "x"); }), ErrorCode::kWrongKey);
    }
}

class FaultTest : public StoreTest {
 protected:
  FaultTest() {
    Repository repository = open();
    before_ = back_up(repository, old_files_, 1);
    pristine_ = memory.snapshot();
  }
  // The first snapshot stands, nothing is damaged, and a session without faults brings the second.
  void expect_whole(MemoryBackend& broken, bool acknowledged) {
    Repository repository = open(broken, "after");
    std::vector<std::string> problems;
    auto snapshots = repository.snapshots(&problems);
    EXPECT_TRUE(problems.empty());
    ASSERT_GE(snapshots.size(), acknowledged ? 2u : 1u);
    EXPECT_EQ(snapshots[0].id, before_.id);
    for (size_t i = 0; i < snapshots.size(); ++i) {
      ReadBack read = read_back(repository, snapshots[i]);
      EXPECT_TRUE(read.errors.empty()) << read.errors.begin()->second;
      EXPECT_EQ(read.files, i == 0 ? old_files_ : new_files_);
    }
    CheckReport report = check_all(repository);
    EXPECT_TRUE(report.damage.empty()) << describe(report);
    Manifest again = back_up(repository, new_files_, 3);
    EXPECT_EQ(read_back(repository, again).files, new_files_);
    report = check_all(repository, 0);
    EXPECT_TRUE(report.damage.empty()) << describe(report);
  }
  void sweep(const Mode& mode, bool warm_cache, uint64_t first = 1, uint64_t step = 1) {
    FaultBackend counting(memory);
    {
      Repository repository = open(counting, warm_cache ? "cache" : "counting");
      back_up(repository, new_files_, 2);
    }
    uint64_t operations = counting.count();
    ASSERT_GE(operations, 30u);
    for (uint64_t k = first; k <= operations; k += step) {
      SCOPED_TRACE(mode.name + " at operation " + std::to_string(k));
      MemoryBackend broken(pristine_);
      FaultBackend faults(broken);
      arm(faults, mode, k);
      bool acknowledged = ran_through([&] {
        Repository repository = open(faults, warm_cache ? "cache" : "cold" + std::to_string(k));
        back_up(repository, new_files_, 2);
      });
      expect_whole(broken, acknowledged);
      if (HasFailure()) return;
    }
  }

  Files old_files_ = sample_files(1);
  Files new_files_ = sample_files(2);
  Manifest before_;
  std::map<std::string, Bytes> pristine_;
};

TEST_F(FaultTest, AFailureAtAnyOperationOfASessionHurtsNothing) { sweep(kModes[0], false); }
TEST_F(FaultTest, AFailureAfterTheEffectHurtsNothing) { sweep(kModes[1], true); }
// These two share the operations between them: a sticky failure takes the same path whatever its code.
TEST_F(FaultTest, AStorageThatStaysAwayHurtsNothing) { sweep(kModes[2], true, 1, 2); }
TEST_F(FaultTest, AFullDiskHurtsNothing) { sweep(kModes[3], true, 2, 2); }
TEST_F(FaultTest, DyingAtAnyOperationHurtsNothing) { sweep(kModes[4], false); }
TEST_F(FaultTest, DyingRightAfterAnyOperationHurtsNothing) { sweep(kModes[5], true); }

// Packs that a dead session left are used by the next one, even though it left a lease behind.
TEST_F(FaultTest, WhatADeadSessionUploadedIsUsedByTheNext) {
  FaultBackend faults(memory);
  {
    Repository repository = open(faults);
    TestBackup backup(repository);
    backup.manifest_of(new_files_);
    backup.builder().flush();
    backup.session().keep_packs();
    faults.die_at(1);   // before anything else
  }
  Repository repository = open(memory, "other");
  FaultBackend counting(memory);
  Repository next = open(counting, "next");
  back_up(next, new_files_, 5);
  EXPECT_EQ(counting.count_of(Operation::kCommit, "packs/"), 0u);
}

// Losing a read in the middle of a check is a finding, not the end of the check.
TEST_F(FaultTest, ACheckReportsWhatTheStorageCannotReadAndGoesOn) {
  FaultBackend counting(memory);
  {
    Repository repository = open(counting);
    repository.index();
    counting.clear();
    CheckProgress progress;
    check(repository, {100, 1}, progress);
  }
  uint64_t reads = 0;
  auto recorded = counting.recorded();
  for (uint64_t k = 1; k <= recorded.size(); ++k) {
    if (recorded[k - 1].operation != Operation::kRead) continue;
    SCOPED_TRACE("read " + std::to_string(k) + " of " + recorded[k - 1].name);
    FaultBackend faults(memory);
    Repository repository = open(faults);
    repository.index();
    faults.clear();
    faults.fail_at(k, ErrorCode::kIo);
    CheckProgress progress;
    CheckReport report = check(repository, {100, 1}, progress);
    EXPECT_FALSE(report.damage.empty());
    ++reads;
  }
  EXPECT_GE(reads, 5u);
}

}  // namespace
}  // namespace cairn
