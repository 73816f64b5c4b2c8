#include "store/write/write_session.h"

#include <thread>

#include "store/gc/gc_list.h"
#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

// Does something the moment a snapshot begins to be put.
class InterruptedBackend final : public Backend {
 public:
  InterruptedBackend(Backend& inner, std::function<void()> event) : inner_(inner), event_(std::move(event)) {}
  std::vector<StoredFile> list(std::string_view prefix) override { return inner_.list(prefix); }
  uint64_t size(std::string_view name) override { return inner_.size(name); }
  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override { return inner_.read(name, offset, length); }
  std::unique_ptr<Upload> create(std::string_view name) override {
    if (name.starts_with("snapshots/")) event_();
    return inner_.create(name);
  }
  bool remove(std::string_view name) override { return inner_.remove(name); }
  std::vector<std::string> list_foreign() override { return inner_.list_foreign(); }
  std::string describe() const override { return inner_.describe(); }

 private:
  Backend& inner_;
  std::function<void()> event_;
};

class WriteSessionTest : public StoreTest {
 protected:
  // Declares the only lease dead.
  void put_revocation(const Keyring& keys) {
    GcList list;
    list.kind = GcList::Kind::kRevoked;
    list.generation = 1;
    list.revoked = {LeaseId::parse(names("leases/")[0].substr(7, 64)).value()};
    put(memory, gc_list_name(1, list.kind), list.encode(keys));
  }
  void put_gc_list(const Keyring& keys, uint64_t generation, const std::vector<PackId>& condemned = {}) {
    GcList list;
    list.generation = generation;
    for (const PackId& pack : condemned) list.condemned[pack] = generation;
    put(memory, gc_list_name(generation), list.encode(keys));
  }
  std::vector<PackId> all_packs() {
    std::vector<PackId> out;
    for (const std::string& name : names("packs/")) out.push_back(*id_in_name<PackId>(name));
    return out;
  }
};

TEST_F(WriteSessionTest, PacksAreVisibleBeforeSegmentsAndSegmentsBeforeTheSnapshot) {
  FaultBackend recording(memory);
  Repository repository = open(recording);
  back_up(repository, sample_files(1));
  std::string order;
  for (const Recorded& r : recording.recorded()) {
    if (r.operation == Operation::kRemove) order += "-";
    if (r.operation == Operation::kCommit || r.operation == Operation::kRemove) order += r.name[0];
  }
  // lease joining, lease active, packs, index, snapshot, both of the lease's files removed
  EXPECT_EQ(order, "llppis-l-l");
}

TEST_F(WriteSessionTest, TheLeaseStandsBeforeAnythingIsLookedAt) {
  FaultBackend recording(memory);
  Repository repository = open(recording);
  recording.clear();
  WriteSession session(repository);
  auto recorded = recording.recorded();
  auto first = [&](Operation operation, std::string_view prefix) {
    return std::ranges::find_if(recorded, [&](const Recorded& r) { return r.operation == operation && r.name.starts_with(prefix); });
  };
  EXPECT_LT(first(Operation::kCommit, "leases/"), first(Operation::kList, "gc/"));
  EXPECT_LT(first(Operation::kList, "gc/"), first(Operation::kList, "index/"));
  EXPECT_LT(first(Operation::kList, "gc/"), first(Operation::kList, "packs/"));
  EXPECT_NE(first(Operation::kList, "packs/"), recorded.end());
}

TEST_F(WriteSessionTest, AnUnchangedSecondSessionPutsASnapshotAndNothingElse) {
  {
    Repository repository = open();
    back_up(repository, sample_files(1), 1);
  }
  FaultBackend recording(memory);
  Repository repository = open(recording);
  back_up(repository, sample_files(1), 2);
  EXPECT_EQ(recording.count_of(Operation::kCommit, "packs/"), 0u);
  EXPECT_EQ(recording.count_of(Operation::kCreate, "packs/"), 0u);
  EXPECT_EQ(recording.count_of(Operation::kCommit, "index/"), 0u);
  EXPECT_EQ(recording.count_of(Operation::kCommit, "snapshots/"), 1u);
  EXPECT_EQ(recording.count_of(Operation::kRead, "packs/"), 0u);
  EXPECT_EQ(recording.count_of(Operation::kRead, "index/"), 0u);   // the local index has it
}

TEST_F(WriteSessionTest, OfEqualChunksOneIsStored) {
  Repository repository = open();
  TestBackup backup(repository);
  Bytes chunk = noise(100, 1);
  ChunkId id = repository.keys().chunk_id(chunk);
  std::vector<uint8_t> fresh;
  std::vector<ChunkId> twice = {id, id};
  backup.session().claim_new(twice, fresh);
  EXPECT_EQ(fresh, (std::vector<uint8_t>{1, 0}));
  backup.session().claim_new(twice, fresh);
  EXPECT_EQ(fresh, (std::vector<uint8_t>{0, 0}));
}

TEST_F(WriteSessionTest, ChunksOfCondemnedPacksAreUploadedAgain) {
  Repository first = open();
  back_up(first, sample_files(1), 1);
  auto old_packs = all_packs();
  put_gc_list(first.keys(), 1, old_packs);
  Repository second = open(memory, "second");
  Manifest manifest = back_up(second, sample_files(1), 2);
  EXPECT_EQ(manifest.generation, 1u);
  EXPECT_GT(all_packs().size(), old_packs.size());
  for (const PackId& pack : old_packs) memory.remove(pack_name(pack));
  Repository third = open(memory, "third");
  ReadBack read = read_back(third, manifest);
  EXPECT_TRUE(read.errors.empty());
  EXPECT_EQ(read.files, sample_files(1));
}

TEST_F(WriteSessionTest, APruneThatTookNothingOfItIsNoHindrance) {
  Repository repository = open();
  Manifest manifest;
  {
    TestBackup backup(repository);
    put_gc_list(repository.keys(), 1);
    manifest = backup.commit(sample_files(1));
  }
  EXPECT_EQ(manifest.generation, 1u);
  EXPECT_TRUE(names("leases/").empty());
  EXPECT_EQ(read_back(repository, manifest).files, sample_files(1));
}

TEST_F(WriteSessionTest, APruneThatTookWhatItRestsOnMeansNoSnapshot) {
  Repository repository = open();
  back_up(repository, sample_files(1));
  {
    TestBackup backup(repository);
    Manifest manifest = backup.manifest_of(sample_files(1), 2);
    put_gc_list(repository.keys(), 1, all_packs());
    EXPECT_THROW(backup.session().commit(manifest), Overtaken);
  }
  EXPECT_EQ(names("snapshots/").size(), 1u);
  EXPECT_TRUE(names("leases/").empty());
  auto old_packs = all_packs();
  Repository again = open(memory, "again");
  Manifest second = back_up(again, sample_files(1), 3);
  for (const PackId& pack : old_packs) memory.remove(pack_name(pack));
  Repository reader = open(memory, "reader");
  EXPECT_EQ(read_back(reader, second).files, sample_files(1));
}

// A prune may move what is needed to other packs: only the packs it rested on are condemned then.
TEST_F(WriteSessionTest, WhatAPruneMovedIsLookedForWhereItIsNow) {
  Repository repository = open();
  back_up(repository, sample_files(1));
  auto old_packs = all_packs();
  TestBackup backup(repository);
  Manifest manifest = backup.manifest_of(sample_files(1), 2);
  {
    Repository mover = open(memory, "mover");
    put_gc_list(mover.keys(), 1, old_packs);
    back_up(mover, sample_files(1), 2);   // uploads all of it again
  }
  backup.builder().flush();
  backup.session().commit(manifest);
  for (const PackId& pack : old_packs) memory.remove(pack_name(pack));
  Repository reader = open(memory, "reader");
  EXPECT_EQ(read_back(reader, manifest).files, sample_files(1));
}

TEST_F(WriteSessionTest, ALostLeaseIsReplacedWhenNothingIsLost) {
  Repository repository = open();
  TestBackup backup(repository);
  LeaseId lost = LeaseId::parse(names("leases/")[0].substr(7, 64)).value();
  for (const std::string& name : names("leases/")) memory.remove(name);
  Manifest manifest = backup.commit(sample_files(1));
  EXPECT_NE(manifest.lease, lost);
  EXPECT_TRUE(names("leases/").empty());
  EXPECT_EQ(names("snapshots/").size(), 1u);
}

TEST_F(WriteSessionTest, ARevokedLeaseIsReplacedToo) {
  Repository repository = open();
  TestBackup backup(repository);
  LeaseId revoked = LeaseId::parse(names("leases/")[0].substr(7, 64)).value();
  put_revocation(repository.keys());
  EXPECT_NE(backup.commit(sample_files(1)).lease, revoked);
}

// A writer frozen between its last look and the snapshot: the snapshot may be there, but nobody is told that it is good.
TEST_F(WriteSessionTest, ALeaseRevokedWhileTheSnapshotIsPutIsNoticedAfterwards) {
  Repository revoker = open(memory, "revoker");
  InterruptedBackend backend(memory, [&] { put_revocation(revoker.keys()); });
  Repository repository = open(backend);
  TestBackup backup(repository);
  EXPECT_EQ(code_of([&] { backup.commit(sample_files(1)); }), ErrorCode::kLocked);
}

TEST_F(WriteSessionTest, AGcListThatCannotBeReadStopsTheSession) {
  Repository repository = open();
  memory.replace(gc_list_name(3), noise(300, 1));
  EXPECT_EQ(code_of([&] { WriteSession session(repository); }), ErrorCode::kCorrupt);
  EXPECT_TRUE(names("leases/").empty());
}

TEST_F(WriteSessionTest, WithoutCommitNothingCounts) {
  Repository repository = open();
  {
    TestBackup backup(repository);
    backup.manifest_of(sample_files(1));
  }
  EXPECT_TRUE(names("snapshots/").empty());
  EXPECT_TRUE(names("packs/").empty());
  EXPECT_TRUE(names("leases/").empty());
}

TEST_F(WriteSessionTest, TheStoredBytesAreThoseOfTheFilesThatCame) {
  Repository repository = open();
  Manifest manifest = back_up(repository, sample_files(1));
  uint64_t sum = 0;
  for (const char* folder : {"packs/", "index/"})
    for (const StoredFile& file : memory.list(folder)) sum += file.size_bytes;
  EXPECT_EQ(manifest.stats.bytes_stored, sum);
}

TEST_F(WriteSessionTest, FourWorkersShareASession) {
  Repository repository = open();
  constexpr size_t kThreads = 4, kChunks = 400;
  std::vector<Bytes> chunks;
  for (uint64_t i = 0; i < kChunks; ++i) chunks.push_back(noise(2000 + i, i));
  std::atomic<size_t> stored{0};
  {
    TestBackup backup(repository);
    std::vector<std::jthread> workers;
    for (size_t t = 0; t < kThreads; ++t)
      workers.emplace_back([&, t] {
        FrameBuilder builder = backup.session().make_builder({1, 32 << 10});
        for (size_t i = 0; i < kChunks; ++i) {
          const Bytes& chunk = chunks[(i * (2 * t + 1) + t * 31) % kChunks];   // every worker brings every chunk, in its own order
          ChunkId id = repository.keys().chunk_id(chunk);
          std::vector<uint8_t> fresh;
          backup.session().claim_new({&id, 1}, fresh);
          if (!fresh[0]) continue;
          builder.add(id, chunk);
          ++stored;
        }
        builder.flush();
      });
    workers.clear();
    backup.commit({});
  }
  EXPECT_EQ(stored, kChunks);
  Repository reopened = open(memory, "again");
  ChunkReader reader(memory, reopened.keys(), reopened.index(), 1 << 20);
  for (const Bytes& chunk : chunks) {
    EXPECT_TRUE(std::ranges::equal(reader.chunk(reopened.keys().chunk_id(chunk)), chunk));
  }
  CheckReport report = check_all(reopened);
  EXPECT_TRUE(report.damage.empty()) << describe(report);
  EXPECT_GE(report.chunks, stored);
}

TEST_F(WriteSessionTest, AKeyWithoutASigningKeyMayNotWrite) {
  Repository repository = open();
  auto& keys = const_cast<Keyring&>(repository.keys());
  keys.signing_seed.reset();
  EXPECT_EQ(code_of([&] { WriteSession session(repository); }), ErrorCode::kWrongKey);
  EXPECT_TRUE(names("leases/").empty());
}

}  // namespace
}  // namespace cairn
