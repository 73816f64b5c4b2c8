#include "store/repair/repair_packs.h"

#include <thread>

#include "store/repair/condemn.h"
#include "tests/store/repair_fixture.h"

namespace cairn {
namespace {

class RepairPacksTest : public RepairTest {
 protected:
  RepairPacksReport repair(RepairPacksOptions options = {}) {
    Repository repository = open_fresh();
    return repair_packs(repository, options, progress_);
  }
  std::vector<PackId> condemned() {
    Repository repository = open();
    CondemnedPacks condemned = condemned_packs(memory, repository.keys());
    std::vector<PackId> ids;
    for (const auto& [id, since] : condemned.packs) ids.push_back(id);
    return ids;
  }
  static void expect_sums(const RepairedPack& pack) { EXPECT_EQ(pack.saved + pack.elsewhere + pack.lost, pack.chunks); }
};

TEST_F(RepairPacksTest, WhereNothingIsDamagedNothingIsWritten) {
  auto before = files();
  RepairPacksReport report = repair();
  EXPECT_TRUE(report.packs.empty());
  EXPECT_EQ(report.packs_read, names("packs/").size());
  EXPECT_EQ(report.generation, 0u);
  EXPECT_EQ(files(), before);
}

TEST_F(RepairPacksTest, ADryRunTellsAndWritesNothing) {
  std::string hurt = flip_frame_of(chunk_of(contents_[0]["a/long"]));
  auto before = files();
  RepairPacksOptions options;
  options.dry_run = options.remove = true;
  RepairPacksReport report = repair(options);
  ASSERT_EQ(report.packs.size(), 1u);
  EXPECT_EQ(report.packs[0].name, hurt);
  EXPECT_EQ(report.packs[0].reason_count, 1u);
  EXPECT_GT(report.packs[0].lost, 0u);
  EXPECT_GT(report.packs[0].saved, 0u);
  expect_sums(report.packs[0]);
  EXPECT_EQ(files(), before);
}

// Good frames go into new packs, the bad one never does; nothing that was readable before is lost, even when the damaged pack goes.
TEST_F(RepairPacksTest, GoodFramesAreSavedAndBadOnesStayLost) {
  for (ObjectType type : {ObjectType::kDataPack, ObjectType::kTreePack}) {
    SCOPED_TRACE(static_cast<int>(type));
    MemoryBackend pristine(files());
    std::string hurt = type == ObjectType::kDataPack ? flip_frame_of(chunk_of(contents_[0]["a/long"])) : pack_of_type(type);
    if (type == ObjectType::kTreePack) flip(hurt, kFirstFrameOffset + 3);
    size_t before = good_files();
    EXPECT_LT(before, all_files());
    RepairPacksReport report = repair();
    ASSERT_EQ(report.packs.size(), 1u);
    EXPECT_EQ(report.packs[0].name, hurt);
    EXPECT_GT(report.packs[0].lost, 0u);
    EXPECT_FALSE(report.packs[0].removed);
    expect_sums(report.packs[0]);
    EXPECT_EQ(condemned(), std::vector<PackId>{*id_in_name<PackId>(hurt)});
    EXPECT_TRUE(files().contains(hurt));
    EXPECT_EQ(good_files(), before);
    EXPECT_FALSE(check_fresh().damage.empty());   // never laundered
    memory.remove(hurt);
    EXPECT_EQ(good_files(), before);
    for (const auto& [name, bytes] : files()) memory.remove(name);
    for (const auto& [name, bytes] : pristine.snapshot()) memory.replace(name, bytes);
  }
}

// The same data backed up again brings what was lost: old snapshots are whole again, and the check has nothing left to say.
TEST_F(RepairPacksTest, TheNextBackupHeals) {
  std::string hurt = flip_frame_of(chunk_of(contents_[0]["a/long"]));
  EXPECT_LT(good_files(), all_files());
  repair();
  {
    Repository repository = open_fresh();
    back_up(repository, contents_[0], 3);
  }
  EXPECT_EQ(good_files(), all_files());
  CheckReport report = check_fresh();
  EXPECT_TRUE(report.damage.empty()) << describe(report);
  RepairPacksOptions options;
  options.remove = true;
  RepairPacksReport again = repair(options);
  ASSERT_EQ(again.packs.size(), 1u);
  EXPECT_EQ(again.packs[0].lost, 0u);
  EXPECT_TRUE(again.packs[0].removed) << again.packs[0].kept_because;
  EXPECT_EQ(good_files(), all_files());
}

// A pack that is gone, the classic: later backups of the same data must not believe that they have it.
TEST_F(RepairPacksTest, AMissingPackIsToldAndHealsToo) {
  std::string gone = pack_of_type(ObjectType::kDataPack);
  memory.remove(gone);
  RepairPacksReport report = repair();
  EXPECT_TRUE(report.packs.empty());
  EXPECT_EQ(report.missing, std::vector<std::string>{gone});
  for (size_t i = 0; i < 2; ++i) {
    Repository repository = open_fresh();
    back_up(repository, contents_[i], 3);
  }
  EXPECT_EQ(good_files(), all_files());
}

TEST_F(RepairPacksTest, APackWhoseDirectoryIsLostIsReadByItsSegment) {
  std::string hurt = pack_of_type(ObjectType::kDataPack);
  change(hurt, [](Bytes& bytes) { bytes[bytes.size() - kPackFooterBytes - 5] ^= 1; });
  RepairPacksOptions options;
  options.remove = true;
  options.packs = {*id_in_name<PackId>(hurt)};
  RepairPacksReport report = repair(options);
  ASSERT_EQ(report.packs.size(), 1u);
  EXPECT_EQ(report.packs[0].lost, 0u);
  EXPECT_TRUE(report.packs[0].removed) << report.packs[0].kept_because;
  EXPECT_EQ(good_files(), all_files());
}

TEST_F(RepairPacksTest, APackThatNobodyKnowsIsCondemnedAndKept) {
  std::string hurt = pack_of_type(ObjectType::kDataPack);
  change(hurt, [](Bytes& bytes) { bytes[bytes.size() - kPackFooterBytes - 5] ^= 1; });
  for (const std::string& name : names("index/")) memory.remove(name);
  RepairPacksOptions options;
  options.remove = true;
  RepairPacksReport report = repair(options);
  ASSERT_EQ(report.packs.size(), 1u);
  EXPECT_FALSE(report.packs[0].known);
  EXPECT_FALSE(report.packs[0].removed);
  EXPECT_EQ(condemned(), std::vector<PackId>{*id_in_name<PackId>(hurt)});
  EXPECT_TRUE(files().contains(hurt));
}

TEST_F(RepairPacksTest, OnlyWhatIsWhollyElsewhereIsRemoved) {
  std::string lossy = flip_frame_of(chunk_of(contents_[0]["a/long"]));
  RepairPacksOptions options;
  options.remove = true;
  RepairPacksReport report = repair(options);
  ASSERT_EQ(report.packs.size(), 1u);
  EXPECT_FALSE(report.packs[0].removed);
  EXPECT_FALSE(report.packs[0].kept_because.empty());
  EXPECT_TRUE(files().contains(lossy));
}

TEST_F(RepairPacksTest, NothingIsRemovedWhileSomebodyIsAtWork) {
  std::string hurt = pack_of_type(ObjectType::kDataPack);
  change(hurt, [](Bytes& bytes) { bytes.back() ^= 1; });   // its last byte: every frame is good
  Repository other = open(memory, "other");
  std::optional<WriteSession> session(std::in_place, other);
  RepairPacksOptions options;
  options.remove = true;
  RepairPacksReport report = repair(options);
  ASSERT_EQ(report.packs.size(), 1u);
  EXPECT_EQ(report.packs[0].lost, 0u);
  EXPECT_FALSE(report.packs[0].removed);
  session.reset();
  EXPECT_TRUE(repair(options).packs.at(0).removed);
  EXPECT_EQ(good_files(), all_files());
}

// A backup that counted on the damaged pack must not end as if nothing had happened.
TEST_F(RepairPacksTest, ABackupThatReliedOnADamagedPackIsTurnedAway) {
  Repository other = open(memory, "other");
  TestBackup backup(other);
  Manifest manifest = backup.manifest_of(contents_[0], 3);
  backup.builder().flush();
  flip_frame_of(chunk_of(contents_[0]["a/long"]));
  repair();
  EXPECT_EQ(code_of([&] { backup.session().commit(manifest); }), ErrorCode::kLocked);
}

TEST_F(RepairPacksTest, ListsGrowByWhatIsNewWhoeverIsFaster) {
  Repository repository = open();
  const Keyring& keys = repository.keys();
  auto condemn = [&](uint8_t from) {
    for (uint8_t i = 0; i < 12; ++i) {
      PackId id{{1, static_cast<uint8_t>(from + i)}};
      condemn_packs(memory, keys, {&id, 1});
    }
  };
  {
    std::jthread one(condemn, uint8_t{0}), two(condemn, uint8_t{100});
  }
  EXPECT_EQ(condemned().size(), 24u);
  EXPECT_EQ(condemn_packs(memory, keys, condemned()).generation, 24u);   // nothing new
}

TEST_F(RepairPacksTest, PacksAreChosenByTheirNames) {
  std::string name = names("packs/")[0];
  PackId id = *id_in_name<PackId>(name);
  EXPECT_EQ(choose_packs(memory, {name, id.hex(), id.hex().substr(0, 8)}), (std::vector<PackId>{id, id, id}));
  EXPECT_EQ(code_of([&] { choose_packs(memory, {"0123"}); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of([&] { choose_packs(memory, {"0123456789"}); }), ErrorCode::kNotFound);
  RepairPacksOptions options;
  options.packs = {PackId{{1}}};
  EXPECT_EQ(code_of([&] { repair(options); }), ErrorCode::kNotFound);
}

// Whenever it dies, what could be read can be read.
TEST_F(RepairPacksTest, DyingAtAnyChangeCostsNothing) {
  flip_frame_of(chunk_of(contents_[0]["a/long"]));
  change(pack_of_type(ObjectType::kTreePack), [](Bytes& bytes) { bytes.back() ^= 1; });
  const size_t before = good_files();
  RepairPacksOptions options;
  options.remove = true;
  options.threads = 1;
  sweep_deaths([&](Repository& repository) { repair_packs(repository, options, progress_); },
               [&](Repository& after, const std::string& when) { EXPECT_EQ(good_files(after), before) << when; });
}

}  // namespace
}  // namespace cairn
