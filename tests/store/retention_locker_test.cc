// What is locked, when it is asked for again, and what becomes of it when the storage refuses.
#include "store/lock/retention_locker.h"

#include "store/error.h"
#include "store/host.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

// Memory with locks.
class LockingBackend final : public Backend {
 public:
  std::vector<StoredFile> list(std::string_view prefix) override { return memory.list(prefix); }
  uint64_t size(std::string_view name) override { return memory.size(name); }
  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override { return memory.read(name, offset, length); }
  std::unique_ptr<Upload> create(std::string_view name) override {
    if (chosen && chosen(name)) locked(name, end_of(name, created));
    return memory.create(name);
  }
  bool remove(std::string_view name) override { return memory.remove(name); }
  std::vector<std::string> list_foreign() override { return memory.list_foreign(); }
  std::string describe() const override { return "memory"; }
  int uploads_at_once() const override { return 3; }
  void lock_created(const RetentionLock& lock, std::function<bool(std::string_view)> which, std::function<void(std::string_view, int64_t)> tell) override {
    created = lock, chosen = std::move(which), locked = std::move(tell);
  }
  int64_t lock(std::string_view name, const RetentionLock& lock) override {
    std::lock_guard guard(mu);
    if (++requests == refuse_at) throw Error(ErrorCode::kWrongKey, "may not lock");
    if (name == gone) throw Error(ErrorCode::kNotFound, "gone");
    return end_of(name, lock);
  }
  int64_t end_of(std::string_view name, const RetentionLock& lock) {
    return ends[std::string(name)] = std::max(ends[std::string(name)], now_ns() / 1'000'000'000 + lock.seconds);
  }
  MemoryBackend memory;
  RetentionLock created;
  std::function<bool(std::string_view)> chosen;
  std::function<void(std::string_view, int64_t)> locked;
  std::map<std::string, int64_t> ends;
  std::mutex mu;
  int requests = 0, refuse_at = 0;
  std::string gone;
};

struct RetentionLockerTest : testing::Test {
  RetentionLockerTest() {
    Repository::init(backend, kTestPassword, cheap_options());
    repository.emplace(backend, kTestPassword, dir / "cache");
    put_file("packs/ab/old");
    put_file("leases/running.1");
    put_file("gc/0000000000000001");
  }
  void put_file(const std::string& name) { put(backend, name, view("bytes")); }
  RetentionLocker::Report run(int64_t seconds, RetentionLock::Mode mode = RetentionLock::Mode::kCompliance, const std::string& writes = "") {
    RetentionLocker locker(*repository, {mode, seconds});
    if (!writes.empty()) put_file(writes);
    return locker.extend([] {});
  }
  TempDir dir;
  LockingBackend backend;
  std::optional<Repository> repository;
};

constexpr int64_t kDay = 86400;

TEST_F(RetentionLockerTest, AllThatSnapshotsNeedIsLockedAndNothingElse) {
  const auto report = run(4 * kDay, RetentionLock::Mode::kCompliance, "packs/ab/new");
  const int64_t now_s = now_ns() / 1'000'000'000;
  EXPECT_EQ(report.files, 4u);   // the config, a key, two packs
  EXPECT_EQ(report.written, 1u);
  EXPECT_EQ(report.extended, 3u);
  EXPECT_EQ(backend.ends.size(), 4u);
  for (const auto& [name, end] : backend.ends) {
    EXPECT_TRUE(name == "config" || name.starts_with("keys/") || name.starts_with("packs/")) << name;
    EXPECT_NEAR(static_cast<double>(end), static_cast<double>(now_s + 5 * kDay), 60) << name;   // a quarter more
  }
  EXPECT_NEAR(static_cast<double>(report.end_s), static_cast<double>(now_s + 5 * kDay), 60);
}

TEST_F(RetentionLockerTest, NothingIsAskedAgainWhileLocksLast) {
  run(4 * kDay);
  EXPECT_EQ(backend.requests, 3);
  run(4 * kDay);
  run(4 * kDay, RetentionLock::Mode::kGovernance);   // less than there is
  EXPECT_EQ(backend.requests, 3);
  run(5 * kDay + 60);
  EXPECT_EQ(backend.requests, 6);
}

TEST_F(RetentionLockerTest, AStrongerModeIsALockAnew) {
  run(4 * kDay, RetentionLock::Mode::kGovernance);
  run(1 * kDay);
  EXPECT_EQ(backend.requests, 6);
}

TEST_F(RetentionLockerTest, TheStoragesClockDecidesWhenOursIsBehind) {
  run(4 * kDay);
  backend.memory.set_clock_ns(now_ns() + 2 * kDay * 1'000'000'000);   // half of what is left is less than was asked for
  run(4 * kDay, RetentionLock::Mode::kCompliance, "snapshots/new");
  EXPECT_EQ(backend.requests, 7);
}

TEST_F(RetentionLockerTest, WhatWasLockedBeforeAFailureIsKnownAndWhatIsGoneIsNoFailure) {
  backend.gone = "packs/ab/old";
  EXPECT_EQ(run(4 * kDay).files, 2u);
  backend.gone = "";
  backend.refuse_at = backend.requests + 1;
  EXPECT_THROW(run(4 * kDay), Error);
  backend.refuse_at = 0;
  const int before = backend.requests;
  EXPECT_EQ(run(4 * kDay).extended, 1u);
  EXPECT_EQ(backend.requests, before + 1);
}

TEST_F(RetentionLockerTest, StorageWithoutLocksIsRefusedBeforeAnythingIsWritten) {
  MemoryBackend plain;
  Repository::init(plain, kTestPassword, cheap_options());
  Repository there(plain, kTestPassword, dir / "cache2");
  EXPECT_THROW(RetentionLocker(there, {RetentionLock::Mode::kCompliance, kDay}), Error);
}

TEST_F(RetentionLockerTest, NewFilesAreNotLockedAfterwards) {
  run(4 * kDay);
  put_file("packs/ab/later");
  EXPECT_FALSE(backend.ends.contains("packs/ab/later"));
}

}  // namespace
}  // namespace cairn
