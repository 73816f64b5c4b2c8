// One look in place of several, and a second one only when a prune was at work.
#include "store/write/writer_store.h"

#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class WriterStoreTest : public StoreTest {
 protected:
  void put_gc_list(uint64_t generation) {
    GcList list;
    list.generation = generation;
    list.condemned[PackId{{1}}] = generation;
    put(memory, gc_list_name(generation), list.encode(repository.keys()));
  }
  Repository repository = open();
  FaultBackend recording{memory};
  const LeaseId join(WriterStore& store) { return store.join(LeaseRecord::Kind::kWriter); }
};

TEST_F(WriterStoreTest, LooksOnceWhenTheNewestListIsTheOneKnownBefore) {
  put_gc_list(1);
  WriterStore store(recording, repository.keys(), 1);
  EXPECT_EQ(store.newest().generation, 1u);
  EXPECT_EQ(recording.count_of(Operation::kList), 5u);   // folders, one after the other here
  EXPECT_EQ(recording.count_of(Operation::kList, "packs/"), 1u);
}

// A pack that was deleted since, and has left the lists, must not be in a listing older than the list.
TEST_F(WriterStoreTest, PacksAreListedAgainWhenAPruneWroteAList) {
  put_gc_list(2);
  WriterStore store(recording, repository.keys(), 1);
  EXPECT_EQ(store.newest().generation, 2u);
  const auto recorded = recording.recorded();
  const auto read = std::ranges::find(recorded, Operation::kRead, &Recorded::operation);
  const auto again = std::find_if(read, recorded.end(), [](const Recorded& r) { return r.operation == Operation::kList && r.name == "packs/"; });
  EXPECT_NE(again, recorded.end());
  EXPECT_TRUE(store.packs_seen().covers("packs/"));
  EXPECT_TRUE(store.look().covers("snapshots/"));
  recording.clear();
  EXPECT_EQ(store.newest().generation, 2u);   // known now
  EXPECT_EQ(recording.count_of(Operation::kList, "packs/"), 1u);
}

TEST_F(WriterStoreTest, StandsUntilTheLeaseIsGoneOrRevokedOrTheGenerationChanges) {
  WriterStore store(recording, repository.keys(), 0);
  const LeaseId one = join(store), two = join(store);
  store.activate(one, 0);
  recording.clear();
  EXPECT_TRUE(store.standing(one, 0));
  EXPECT_EQ(recording.count(), 2u);
  EXPECT_FALSE(store.standing(one, 1));
  GcList revoked;
  revoked.kind = GcList::Kind::kRevoked;
  revoked.generation = 1;
  revoked.revoked = {two};
  put(memory, gc_list_name(1, revoked.kind), revoked.encode(repository.keys()));
  EXPECT_FALSE(store.standing(two, 0));
  EXPECT_TRUE(store.standing(one, 0));
  put_gc_list(1);
  EXPECT_FALSE(store.standing(one, 0));
  EXPECT_TRUE(store.standing(one, 1));
  for (const std::string& name : names("leases/")) memory.remove(name);
  EXPECT_FALSE(store.standing(one, 1));
}

}  // namespace
}  // namespace cairn
