// A key that may only write: its backups are as good as an owner's, and its cache is believed no further than it may be.
#include <thread>

#include "store/keys/key_admin.h"
#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

class WriterBackup : public BackupTest {
 protected:
  void SetUp() override {
    repository();
    writer_ = add_key(memory_, repository_->keys(), Role::kWriter, "w", "writer", new_kdf_params()).card.client;
    add_key(memory_, repository_->keys(), Role::kReader, "r", "reader", new_kdf_params());
    write_file(src("small"), "small");
    write_file(src("chunked"), noise_text(100'000, 1));
    write_file(src("sub/long"), noise_text(3'000'000, 2));
    std::this_thread::sleep_for(std::chrono::milliseconds(2100));   // until the times prove that nothing changed
  }
  BackupResult back_up_as(const char* password, const std::vector<SourceSpec>& sources) {
    reopen();
    repository_ = std::make_unique<Repository>(faults_, password, writer_cache_.path().string());
    notes_ = std::make_unique<BackupNotes>();
    return backup(*repository_, sources, options_, *notes_);
  }
  BackupResult write() { return back_up_as("writer", {tree()}); }
  fs::path trees() { return writer_cache_.path() / repository_->config().repository.hex() / "trees"; }

  TempDir writer_cache_{quick_place()};
  ClientId writer_;
};

TEST_F(WriterBackup, RecognisesUnchangedFilesAndContinuesItsLine) {
  const BackupResult owners = back_up();   // all content is there already
  const BackupResult first = write();
  EXPECT_EQ(first.manifest.stats.bytes_new, 0U);
  EXPECT_EQ(first.manifest.root, owners.manifest.root);
  EXPECT_GT(first.manifest.stats.bytes_read, 3'000'000U);
  EXPECT_EQ(first.manifest.sequence, 1U);
  const TreeFacts before = facts_of(dir_ / "src");
  const BackupResult second = write();
  EXPECT_EQ(second.manifest.stats.bytes_read, 0U);
  EXPECT_EQ(second.manifest.stats.files_unmodified, 3U);
  EXPECT_EQ(second.manifest.root, first.manifest.root);
  EXPECT_EQ(second.manifest.sequence, 2U);
  EXPECT_EQ(second.manifest.previous, first.manifest.id);
  write_file(src("small"), "other");
  const BackupResult third = write();   // the long file's list goes from cache to cache
  EXPECT_EQ(third.manifest.stats.bytes_read, 5U);
  EXPECT_EQ(third.manifest.stats.files_unmodified, 2U);
  EXPECT_EQ(third.manifest.previous, second.manifest.id);
  expect_restores(third.manifest, facts_of(dir_ / "src"));
  expect_restores(second.manifest, before);
  for (const Manifest& m : snapshots()) EXPECT_EQ(m.author == writer_, m.id != owners.manifest.id);
  EXPECT_EQ(damage(), "");
}

TEST_F(WriterBackup, SourcesThatTakeTurnsAreBothRemembered) {
  fs::create_directory(dir_ / "other");
  write_file(dir_ / "other/file", noise_text(10'000, 3));
  const SourceSpec other = tree_at("other", dir_ / "other");
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  write();
  back_up_as("writer", {other});
  EXPECT_EQ(write().manifest.stats.bytes_read, 0U);
  EXPECT_EQ(back_up_as("writer", {other}).manifest.stats.bytes_read, 0U);
  EXPECT_EQ(back_up_as("writer", {tree(), other}).manifest.sequence, 5U);
}

TEST_F(WriterBackup, ADamagedOrMissingCacheIsAsGoodAsNone) {
  const BackupResult first = write();
  for (const auto& file : fs::directory_iterator(trees())) fs::resize_file(file.path(), fs::file_size(file.path()) - 1);
  const BackupResult second = write();
  EXPECT_GT(second.manifest.stats.bytes_read, 3'000'000U);
  EXPECT_EQ(second.manifest.stats.bytes_new, 0U);
  EXPECT_EQ(second.manifest.root, first.manifest.root);
  EXPECT_EQ(write().manifest.stats.bytes_read, 0U);
  reopen();
  fs::remove_all(writer_cache_.path());
  EXPECT_EQ(write().manifest.stats.bytes_new, 0U);
}

// The cache says that a file didn't change; whether its chunks are still there, it doesn't.
TEST_F(WriterBackup, WhatIsLostInTheRepositoryIsReadAgain) {
  const BackupResult first = write();
  const TreeFacts before = facts_of(dir_ / "src");
  for (const std::string& name : packs()) memory_.remove(name);
  const BackupResult second = write();
  EXPECT_GT(second.manifest.stats.bytes_new, 3'000'000U);
  expect_restores(second.manifest, before);
  expect_restores(first.manifest, before, "healed by the second");
}

TEST_F(WriterBackup, OtherOperationsSayWhatTheKeyMayNotDo) {
  write();
  EXPECT_EQ(code_thrown_by([&] { repository_->snapshots(); }), ErrorCode::kWrongKey);
  const size_t files = memory_.list("").size();
  for (const bool dry : {false, true}) {
    options_.dry_run = dry;
    EXPECT_EQ(code_thrown_by([&] { back_up_as("reader", {tree()}); }), ErrorCode::kWrongKey);
  }
  EXPECT_EQ(memory_.list("").size(), files);
  EXPECT_EQ(repository_->snapshots().size(), 1U);   // opened with the reader's
}

TEST_F(WriterBackup, DryRunsTellWhatWouldBeReadAndLeaveTheCacheAlone) {
  write();
  write_file(src("small"), "other");
  options_.dry_run = true;
  EXPECT_EQ(write().manifest.stats.files_unmodified, 2U);
  EXPECT_EQ(std::distance(fs::directory_iterator(trees()), {}), 1);
}

}  // namespace
}  // namespace cairn
