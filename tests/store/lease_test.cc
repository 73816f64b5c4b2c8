#include "store/lease/lease.h"

#include "store/host.h"
#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class LeaseTest : public testing::Test {
 protected:
  size_t files() { return memory_.list("leases/").size(); }
  MemoryBackend memory_;
  Keyring keys_ = make_keyring(random_id<RepositoryId>(), 1);
};

TEST_F(LeaseTest, ARecordComesBack) {
  LeaseRecord record{random_id<LeaseId>(), LeaseRecord::Kind::kPruner, LeaseRecord::State::kActive, 7, 9, -3, "h", "u", "p", 11};
  Bytes file = record.encode(keys_);
  LeaseRecord again = LeaseRecord::decode(file, record.id, keys_, "x");
  EXPECT_EQ(again.encode(keys_).size(), file.size());
  EXPECT_EQ(again.kind, record.kind);
  EXPECT_EQ(again.state, record.state);
  EXPECT_EQ(std::tuple(again.number, again.generation, again.started_ns), std::tuple(7u, 9u, -3));
  EXPECT_EQ(std::tuple(again.host, again.user, again.program, again.process), std::tuple("h", "u", "p", 11u));
  EXPECT_EQ(code_of([&] { LeaseRecord::decode(file, random_id<LeaseId>(), keys_, "x"); }), ErrorCode::kCorrupt);
}

TEST_F(LeaseTest, LivesFromTheConstructorToItsEnd) {
  {
    Lease lease(memory_, keys_, LeaseRecord::Kind::kWriter);
    auto seen = list_leases(memory_, keys_);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].record.state, LeaseRecord::State::kJoining);
    lease.activate(5);
    seen = list_leases(memory_, keys_);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].record.state, LeaseRecord::State::kActive);
    EXPECT_EQ(seen[0].record.generation, 5u);
    EXPECT_EQ(seen[0].record.number, 2u);
    EXPECT_EQ(files(), 2u);   // the newest, and the first, which says since when
    EXPECT_NE(seen[0].first_ns, INT64_MIN);
    EXPECT_EQ(code_of([&] { lease.require_alive(); }), std::nullopt);
    lease.close();
    EXPECT_EQ(files(), 0u);
  }
  { Lease lease(memory_, keys_, LeaseRecord::Kind::kWriter); }   // abandoned
  EXPECT_EQ(files(), 0u);
}

TEST_F(LeaseTest, ALeaseThatWasTakenAwayIsNotAlive) {
  Lease lease(memory_, keys_, LeaseRecord::Kind::kWriter);
  lease.activate(0);
  memory_.remove(lease_name(lease.id(), 2));
  EXPECT_EQ(code_of([&] { lease.require_alive(); }), ErrorCode::kLocked);
}

TEST_F(LeaseTest, AStorageThatIsGoneDoesNotHurtTheEnd) {
  FaultBackend faults(memory_);
  {
    Lease lease(faults, keys_, LeaseRecord::Kind::kWriter);
    faults.fail_at(faults.count() + 1, ErrorCode::kIo, true);
  }
  EXPECT_EQ(files(), 1u);   // goes stale by itself
}

TEST_F(LeaseTest, ListsTheNewestRenewalOfEachAndDamagedOnesAsUnreadable) {
  Lease a(memory_, keys_, LeaseRecord::Kind::kWriter), b(memory_, keys_, LeaseRecord::Kind::kPruner);
  LeaseRecord newer{a.id(), LeaseRecord::Kind::kWriter, LeaseRecord::State::kActive, 10, 3, 0, "h", "u", "p", 1};
  int64_t later_ns = now_ns() + 1'000'000'000;
  memory_.set_clock_ns(later_ns);
  put(memory_, lease_name(a.id(), 10), newer.encode(keys_));
  auto damaged = random_id<LeaseId>();
  memory_.replace(lease_name(damaged, 1), noise(100, 1));
  memory_.replace("leases/readme", {1});
  auto seen = list_leases(memory_, keys_);
  ASSERT_EQ(seen.size(), 3u);
  for (const SeenLease& lease : seen) EXPECT_EQ(lease.readable, lease.record.id != damaged);
  auto of_a = std::ranges::find_if(seen, [&](const SeenLease& lease) { return lease.record.id == a.id(); });
  EXPECT_EQ(of_a->record.number, 10u);
  EXPECT_EQ(of_a->mtime_ns, later_ns);
}

}  // namespace
}  // namespace cairn
