// Every operation of a backup fails once, or the process dies there: no half snapshot, nothing old is lost, the next run just works.
#include <thread>

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

enum class Way { kFails, kFailsForGood, kFull, kAnswerLost, kDies, kDiesAfterwards };
std::string name_of(Way way) {
  const char* names[] = {"Fails", "FailsForGood", "Full", "AnswerLost", "Dies", "DiesAfterwards"};
  return names[static_cast<size_t>(way)];
}

class BackupFault : public BackupTest, public testing::WithParamInterface<Way> {
 protected:
  void SetUp() override { options_.threads = 2; }

  void arm(uint64_t k) {
    switch (GetParam()) {
      case Way::kFails: return faults_.fail_at(k, ErrorCode::kIo);
      case Way::kFailsForGood: return faults_.fail_at(k, ErrorCode::kIo, true);
      case Way::kFull: return faults_.fail_at(k, ErrorCode::kNoSpace, true);
      case Way::kAnswerLost: return faults_.fail_at(k, ErrorCode::kIo, false, Effect::kHappened);
      case Way::kDies: return faults_.die_at(k);
      case Way::kDiesAfterwards: return faults_.die_at(k, Effect::kHappened);
    }
  }
  // True when it went well.
  bool try_backup() {
    notes_ = std::make_unique<BackupNotes>();
    try {
      last_ = backup(repository(), {tree()}, options_, *notes_);
      return true;
    } catch (const Error&) {
    } catch (const ProcessDied&) {
    }
    return false;
  }
  void restore_files(const std::map<std::string, Bytes>& files) {
    for (const StoredFile& file : memory_.list("")) memory_.remove(file.name);
    for (const auto& [name, bytes] : files) memory_.replace(name, bytes);
  }

  // From `files`, once for each operation of the backup of what is in src (some 12 of them, others for every way): `old` must survive.
  void fail_each_operation(const std::map<std::string, Bytes>& files, const Manifest& old, const TreeFacts& old_facts) {
    const TreeFacts facts = facts_of(dir_ / "src");
    auto begin_again = [&] {
      reopen();
      restore_files(files);
      for (const auto& item : fs::directory_iterator(cache_.path())) fs::remove_all(item.path());
      faults_.clear();
    };
    begin_again();
    repository();
    faults_.clear();
    ASSERT_TRUE(try_backup()) << notes_->all();
    const uint64_t operations = faults_.count();
    const uint64_t step = std::max<uint64_t>(1, operations / 12);
    for (uint64_t k = 1 + static_cast<uint64_t>(GetParam()) * 2 % step; k <= operations; k += step) {
      begin_again();
      repository();
      faults_.clear();
      arm(k);
      bool went_well = try_backup();
      auto done = faults_.recorded();
      SCOPED_TRACE("operation " + std::to_string(k) + " of " + std::to_string(operations) + ": " +
                   (done.size() < k ? "none" : std::to_string(static_cast<int>(done[k - 1].operation)) + " " + done[k - 1].name));
      faults_.clear();
      reopen();
      EXPECT_EQ(notes_->errors_.size(), 0u) << "trouble of the store was told as trouble of a file:\n" << notes_->all();
      std::vector<Manifest> now = snapshots();
      // A failure after the snapshot was put can't take it back; it is whole then, as any that is listed.
      auto put = std::ranges::find_if(done, [](const Recorded& r) {
        return r.operation == Operation::kCommit && r.name.starts_with("snapshots/");
      });
      bool happened = GetParam() == Way::kAnswerLost || GetParam() == Way::kDiesAfterwards;
      auto before_fault = done.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(k - !happened, done.size()));
      EXPECT_EQ(now.size(), went_well || put < before_fault ? 2u : 1u);
      if (now.empty()) return ADD_FAILURE() << "the old snapshot is gone";
      EXPECT_EQ(now[0].id, old.id);
      if (now.size() > 1) expect_restores(now[1], facts, "whatever is listed is whole");
      ASSERT_TRUE(try_backup()) << "the next run";
      expect_restores(last_.manifest, facts, "the next run");
      if (k % 4 == 1) {
        expect_restores(old, old_facts, "the old one");
        EXPECT_EQ(hurt(), "");
      }
      if (HasFailure()) return;
    }
  }

  BackupResult last_;
};

TEST_P(BackupFault, LeavesOldSnapshotsAndLetsTheNextRunWork) {
  for (const char* name : {"a", "b/c", "b/d/e", "same"}) write_file(src(name), noise_text(3000, static_cast<uint64_t>(name[0])));
  BackupResult first = back_up();
  TreeFacts old_facts = facts_of(dir_ / "src");
  write_file(src("b/new"), noise_text(2'500'000, 1));
  write_file(src("a"), "changed");
  fail_each_operation(memory_.snapshot(), first.manifest, old_facts);
}

// A lost pack makes a backup read unchanged files again, on another way than that of changed ones.
class HealingFault : public BackupFault {};

TEST_P(HealingFault, LeavesNoSnapshotThatRestsOnWhatWasNotStored) {
  write_file(src("long"), noise_text(4'500'000, 1));
  write_file(src("short"), noise_text(100'000, 2));
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  BackupResult first = back_up();
  ASSERT_GT(data_packs().size(), 0u);
  for (const std::string& name : data_packs()) memory_.remove(name);
  fail_each_operation(memory_.snapshot(), first.manifest, facts_of(dir_ / "src"));
}

INSTANTIATE_TEST_SUITE_P(Ways, BackupFault,
                         testing::Values(Way::kFails, Way::kFailsForGood, Way::kFull, Way::kAnswerLost, Way::kDies, Way::kDiesAfterwards),
                         [](const auto& run) { return name_of(run.param); });
INSTANTIATE_TEST_SUITE_P(Ways, HealingFault, testing::Values(Way::kFails, Way::kFull, Way::kDies),
                         [](const auto& run) { return name_of(run.param); });

class Healing : public BackupTest {
 protected:
  void heal(const std::function<void(const std::string& pack)>& harm) {
    write_file(src("small"), noise_text(300, 1));
    for (int i = 0; i < 20; ++i) write_file(src("d/" + std::to_string(i)), noise_text(70'000, 100 + static_cast<uint64_t>(i)));
    write_file(src("long"), noise_text(5'000'000, 2));
    write_file(src("with a hole"), noise_text(700'000, 3));
    fs::resize_file(src("with a hole"), 9'000'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(2100));
    BackupResult first = back_up();
    TreeFacts facts = facts_of(dir_ / "src");
    for (const std::string& name : data_packs()) harm(name);
    EXPECT_GT(bring_back(first.manifest).failed, 0u);
    fs::remove_all(dir_ / "out");
    EXPECT_NE(hurt(), "");

    BackupResult second = back_up();
    EXPECT_FALSE(second.incomplete) << notes_->all();
    EXPECT_EQ(second.manifest.stats.files_changed, 22u);
    EXPECT_EQ(second.manifest.stats.bytes_new, 7'100'416u) << "up to the end of the block where the hole begins";
    EXPECT_EQ(second.manifest.root, first.manifest.root);
    expect_restores(first.manifest, facts, "the old one");
    expect_restores(second.manifest, facts, "the new one");
    EXPECT_EQ(hurt(), "");
    EXPECT_EQ(back_up().manifest.stats.bytes_read, 0u);
  }
};

TEST_F(Healing, BringsBackWhatWasInALostPackForOldAndNewSnapshots) {
  heal([&](const std::string& pack) { memory_.remove(pack); });
}

TEST_F(Healing, BringsBackWhatWasInATruncatedPack) {
  heal([&](const std::string& pack) {
    Bytes bytes = memory_.snapshot()[pack];
    bytes.resize(bytes.size() / 2);
    memory_.replace(pack, bytes);
  });
}

TEST_F(Healing, HelpsWhoeverReadsTheSameFilesInAnotherPlace) {
  write_file(src("file"), noise_text(200'000, 1));
  BackupResult first = back_up();
  TreeFacts facts = facts_of(dir_ / "src");
  for (const std::string& name : data_packs()) memory_.remove(name);
  fs::copy(dir_ / "src", dir_ / "copy", fs::copy_options::recursive);
  back_up({tree_at("copy", dir_ / "copy")});
  expect_restores(first.manifest, facts);
}

}  // namespace
}  // namespace cairn
