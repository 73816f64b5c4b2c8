#include "store/prune/prune.h"

#include "store/host.h"
#include "store/notes/notes.h"
#include "store/prune/reserve.h"
#include "store/prune/segments.h"
#include "tests/store/fault_backend.h"
#include "tests/store/prune_fixture.h"

namespace cairn {
namespace {

TEST_F(PruneTest, TakesAwayWhatNoSnapshotNeedsAndNothingElse) {
  Repository repository = open();
  Manifest first = back_up(repository, sample_files(1), 1);
  Manifest second = back_up(repository, sample_files(100), 2);
  const size_t packs = names("packs/").size();
  EXPECT_EQ(prune_all().deleted_packs, 0u);
  forget(first.id);
  PruneReport report = prune_all();
  EXPECT_GT(report.deleted_packs, 0u);
  EXPECT_GT(report.deleted_bytes, 50u << 10);
  EXPECT_EQ(report.waiting_packs, 0u);
  EXPECT_LT(names("packs/").size(), packs);
  EXPECT_EQ(restored(second), sample_files(100));
  expect_sound();
  EXPECT_TRUE(names("leases/").empty());
  EXPECT_EQ(prune_all().deleted_packs, 0u);   // once is enough
  expect_sound();
}

TEST_F(PruneTest, TakesEverythingWhenThereIsNoSnapshot) {
  Repository repository = open();
  forget(back_up(repository, sample_files(1)).id);
  prune_all();
  EXPECT_TRUE(names("packs/").empty());
  EXPECT_TRUE(names("index/").empty());
  Repository again = open(memory, "again");
  EXPECT_EQ(restored(back_up(again, sample_files(1), 2)), sample_files(1));
}

TEST_F(PruneTest, DeletesNothingWhenSomethingIsMissing) {
  Repository repository = open();
  Manifest first = back_up(repository, sample_files(1), 1);
  back_up(repository, sample_files(100), 2);
  forget(first.id);
  Repository look = open(memory, "look");
  auto at = look.index().find(first.root);
  ASSERT_TRUE(at);
  const std::vector<std::string> packs = names("packs/");
  Manifest third = back_up(repository, sample_files(200), 3);
  auto lost = open(memory, "look2").index().find(third.root);
  ASSERT_TRUE(lost);
  memory.remove(pack_name(open(memory, "look3").index().pack(lost->pack).id));
  const size_t before = names("packs/").size();
  std::string told;
  EXPECT_EQ(code_of([&] {
              try {
                prune_all();
              } catch (const Error& e) {
                told = e.what();
                throw;
              }
            }),
            ErrorCode::kCorrupt);
  EXPECT_EQ(told.find("snapshot " + third.id.hex().substr(0, 8)), 0u) << told;   // of those looked at together the right one
  EXPECT_EQ(names("packs/").size(), before);
}

TEST_F(PruneTest, WaitsForABackupThatBeganBefore) {
  Repository repository = open();
  Manifest first = back_up(repository, sample_files(1), 1);
  back_up(repository, sample_files(100), 2);
  Repository other = open(memory, "other");
  {
    TestBackup running(other);
    Manifest manifest = running.manifest_of(sample_files(1), 3);   // rests on the first one's packs
    forget(first.id);
    PruneReport report = prune_all();
    EXPECT_EQ(report.deleted_packs, 0u);
    EXPECT_GT(report.waiting_packs, 0u);
    ASSERT_EQ(report.waiting_for.size(), 1u);
    EXPECT_FALSE(report.waiting_for[0].host.empty());
    running.builder().flush();
    EXPECT_THROW(running.session().commit(manifest), Overtaken);   // what it rests on is condemned
  }
  Manifest third = back_up(other, sample_files(1), 3);
  PruneReport report = prune_all();
  EXPECT_GT(report.deleted_packs, 0u);
  EXPECT_EQ(restored(third), sample_files(1));
  expect_sound();
}

TEST_F(PruneTest, LeavesThePacksOfARunningBackupAlone) {
  Repository repository = open();
  back_up(repository, sample_files(1), 1);
  TestBackup running(repository);
  Manifest manifest = running.manifest_of(sample_files(300), 2);
  running.builder().flush();
  running.session().keep_packs();   // uploaded, and no snapshot needs them yet
  PruneReport report = prune_all();
  EXPECT_GT(report.young_packs, 0u);
  EXPECT_EQ(report.waiting_packs, 0u);
  running.session().commit(manifest);
  prune_all();
  EXPECT_EQ(restored(manifest), sample_files(300));
  expect_sound();
}

TEST_F(PruneTest, ADeadBackupIsDeclaredDeadAndItsPacksGo) {
  int64_t now = now_ns();
  memory.set_clock_ns(now - 3 * kLeaseStaleNs);
  Repository repository = open();
  Manifest kept = back_up(repository, sample_files(1), 1);
  auto running = std::make_unique<TestBackup>(repository);
  Manifest manifest = running->manifest_of(sample_files(300), 2);
  running->builder().flush();
  running->session().keep_packs();
  memory.set_clock_ns(now);
  PruneReport report = prune_all();
  EXPECT_GT(report.deleted_packs, 0u);
  // It wakes up: nothing of it is there any more, and it says so.
  EXPECT_THROW(running->session().commit(manifest), Overtaken);
  running.reset();
  EXPECT_EQ(restored(kept), sample_files(1));
  expect_sound();
}

TEST_F(PruneTest, ASnapshotThatCameTooLateIsNotGood) {
  int64_t now = now_ns();
  Repository repository = open();
  back_up(repository, sample_files(1), 1);
  memory.set_clock_ns(now - 3 * kLeaseStaleNs);
  TestBackup running(repository);
  Manifest manifest = running.manifest_of(sample_files(300), 2);
  running.builder().flush();
  running.session().keep_packs();
  memory.set_clock_ns(now);
  // Frozen between its last look and its snapshot: the prune takes its packs, then the snapshot appears.
  LeaseId lease;
  for (const SeenLease& seen : list_leases(memory, repository.keys())) lease = seen.record.id;
  EXPECT_GT(prune_all().deleted_packs, 0u);
  manifest.id = random_id<SnapshotId>();
  manifest.lease = lease;
  put(memory, snapshot_name(manifest.id), manifest.encode(repository.keys(), best_suite()));
  Repository reader = open(memory, "reader");
  auto snapshots = reader.snapshots();
  ASSERT_EQ(snapshots.size(), 2u);
  EXPECT_TRUE(snapshots[1].late);
  EXPECT_EQ(prune_all().deleted_packs, 0u);   // no error, and nothing else is taken
}

TEST_F(PruneTest, OnlyAnOwnerMay) {
  Repository repository = open();
  back_up(repository, sample_files(1), 1);
  Keyring reader = Keyring::decode(repository.keys().encode(), repository.keys().repository, "copy");
  reader.maintenance_seed.reset();
  reader.role = Role::kReader;
  add_slot(memory, reader, "another", cheap_kdf());
  Repository as_reader(memory, "another", cache / "as_reader");
  PruneProgress progress;
  EXPECT_EQ(code_of([&] { prune(as_reader, {}, progress); }), ErrorCode::kWrongKey);
}

TEST_F(PruneTest, ADryRunTouchesNothingAndTellsTheSame) {
  Repository repository = open();
  Manifest first = back_up(repository, sample_files(1), 1);
  back_up(repository, sample_files(100), 2);
  forget(first.id);
  auto before = memory.snapshot();
  PruneOptions options;
  options.dry_run = true;
  PruneReport told = prune_all(options);
  EXPECT_EQ(memory.snapshot(), before);
  PruneReport done = prune_all();
  EXPECT_EQ(told.deleted_packs, done.deleted_packs);
  EXPECT_EQ(told.deleted_bytes, done.deleted_bytes);
}

TEST_F(PruneTest, ManySmallSegmentsBecomeFew) {
  Repository repository = open();
  for (uint64_t i = 0; i < 20; ++i) back_up(repository, {{"file", noise(2000, i)}}, static_cast<int64_t>(i));
  EXPECT_GE(names("index/").size(), 20u);
  prune_all();
  EXPECT_LE(names("index/").size(), 2u);
  expect_sound();
}

// Between the list of snapshots and the look at one of them it is forgotten, and another prune takes away what it needed.
TEST_F(PruneTest, WhatOthersForgotMeanwhileIsNotMissed) {
  Repository repository = open();
  Manifest kept = back_up(repository, sample_files(1), 1);
  Manifest doomed = back_up(repository, sample_files(100), 2);
  Repository slow = open(memory, "slow");
  PruneProgress progress;
  bool forgotten = false;
  progress.check_interrupted = [&] {
    if (std::exchange(forgotten, true)) return;
    forget(doomed.id);
    EXPECT_GT(prune_all().deleted_packs, 0u);
  };
  EXPECT_EQ(prune(slow, {}, progress).snapshots, 1u);
  EXPECT_TRUE(forgotten);
  EXPECT_EQ(restored(kept), sample_files(1));
  expect_sound();
}

// Before a pack is moved its snapshot is forgotten, and another prune takes the pack away.
TEST_F(PruneTest, APackThatIsGoneBeforeItIsMovedIsNotDamaged) {
  Repository repository = open();
  Files much = sample_files(1);
  much["zz/more"] = noise(300 << 10, 77);
  Manifest kept = back_up(repository, sample_files(200), 1);
  Manifest old = back_up(repository, much, 2);
  Manifest doomed = back_up(repository, {{"a/long", much["a/long"]}}, 3);
  forget(old.id);
  Repository slow = open(memory, "slow");
  PruneProgress progress;
  bool moving = false, forgotten = false;
  progress.phase = [&](std::string_view name) { moving = moving || name.starts_with("moving"); };
  std::mutex mu;   // packs are moved on several threads
  progress.check_interrupted = [&] {
    std::lock_guard lock(mu);
    if (!moving || std::exchange(forgotten, true)) return;
    forget(doomed.id);
    EXPECT_GT(prune_all().deleted_packs, 0u);
  };
  const PruneReport report = prune(slow, {}, progress);
  EXPECT_TRUE(forgotten);
  EXPECT_TRUE(report.damaged.empty()) << report.damaged.front();
  EXPECT_EQ(restored(kept), sample_files(200));
  expect_sound();
}

// Another prune may put what a segment says elsewhere at any time, also between two looks at it.
TEST_F(PruneTest, ASegmentThatIsGoneMeanwhileIsNoConcern) {
  Repository repository = open();
  for (uint64_t i = 0; i < 20; ++i) back_up(repository, {{"file", noise(2000, i)}}, static_cast<int64_t>(i));
  const auto files = memory.snapshot();
  auto merged = [&](std::optional<uint64_t> failing) {
    MemoryBackend copy(files);
    FaultBackend faults(copy);
    const std::string number = std::to_string(failing.value_or(0));
    Repository merging(faults, kTestPassword, cache / ("merging" + number));
    merging.writable_index();
    faults.clear();
    if (failing) faults.fail_at(*failing, ErrorCode::kNotFound);
    EXPECT_GT(drop_from_segments(merging, {}).removed, 10u);
    Repository checked(copy, kTestPassword, cache / ("checked" + number));
    EXPECT_EQ(describe(check_all(checked)), "");
    return faults.recorded();
  };
  const std::vector<Recorded> recorded = merged(std::nullopt);
  size_t reads = 0;
  for (uint64_t k = 1; k <= recorded.size(); ++k) {
    if (recorded[k - 1].operation != Operation::kRead || !recorded[k - 1].name.starts_with("index/")) continue;
    if (++reads % 8 == 0) merged(k);
  }
  EXPECT_GE(reads, 40u);
}

// The k-th thing a prune does to the storage fails, and everything after it: whatever k is, nothing that is needed is lost.
TEST_F(PruneTest, KilledAnywhereItLosesNothing) {
  Repository repository = open();
  Files much = sample_files(1);
  much["zz/more"] = noise(100 << 10, 77);
  Manifest old = back_up(repository, much, 1);
  Files little{{"a/long", much["a/long"]}};
  Manifest kept = back_up(repository, little, 2);
  forget(old.id);
  const auto files = memory.snapshot();
  for (uint64_t k = 1;; ++k) {
    MemoryBackend copy(files);
    FaultBackend faults(copy);
    Repository pruner = Repository(faults, kTestPassword, cache / ("killed" + std::to_string(k)));
    faults.fail_at(faults.count() + k, ErrorCode::kIo, true);
    PruneProgress progress;
    bool ended = false;
    try {
      prune(pruner, {}, progress);
      ended = true;
    } catch (const Error&) {
    }
    Repository reader(copy, kTestPassword, cache / ("reader" + std::to_string(k)));
    ASSERT_EQ(read_back(reader, kept).files, little) << "k = " << k;
    ASSERT_EQ(describe(check_all(reader)), "") << "k = " << k;
    PruneProgress again;
    Repository next(copy, kTestPassword, cache / ("next" + std::to_string(k)));
    prune(next, {}, again);
    Repository last(copy, kTestPassword, cache / ("last" + std::to_string(k)));
    ASSERT_EQ(read_back(last, kept).files, little) << "k = " << k;
    if (ended) break;
  }
}

TEST_F(PruneTest, TheReserveMakesRoom) {
  EXPECT_TRUE(make_reserve(memory, open().keys().repository));
  EXPECT_EQ(memory.size(kReserveName), 256u << 10);
  bool failed = false;
  with_reserve(memory, [&] {
    if (!std::exchange(failed, true)) throw Error(ErrorCode::kNoSpace, "full");
  });
  EXPECT_TRUE(memory.list(kReserveName).empty());
  EXPECT_EQ(code_of([&] { with_reserve(memory, [] { throw Error(ErrorCode::kNoSpace, "full"); }); }), ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace cairn
