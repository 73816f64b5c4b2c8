// Random trees into a repository and back: equal in everything that a root restore must bring back.
#include <cstdlib>
#include <random>

#include "tests/ingest/backup_fixture.h"
#include "tests/ingest/random_tree.h"

namespace cairn {
namespace {

// Another one every time; CAIRN_SEED=… repeats a run.
uint64_t seed_of_run() {
  const char* wanted = std::getenv("CAIRN_SEED");
  uint64_t seed = wanted ? std::strtoull(wanted, nullptr, 10) : std::random_device{}();
  std::printf("CAIRN_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

uint64_t blocks_beneath(const std::string& root) {
  uint64_t blocks = 0;
  struct ::stat now{};
  for (const auto& item : fs::recursive_directory_iterator(root))
    if (::lstat(item.path().c_str(), &now) == 0 && S_ISREG(now.st_mode)) blocks += static_cast<uint64_t>(now.st_blocks);
  return blocks;
}

struct Threads {
  size_t backup, restore;
};

class RoundTrip : public BackupTest, public testing::WithParamInterface<Threads> {
 protected:
  void round_trip(uint64_t seed, bool privileged) {
    SCOPED_TRACE("CAIRN_SEED=" + std::to_string(seed));
    RandomTree(dir_ / "src", seed, privileged).make(250);
    if (HasFatalFailure()) return;
    TreeFacts before = facts_of(dir_ / "src");
    uint64_t blocks_before = blocks_beneath(dir_ / "src");
    options_.threads = GetParam().backup;
    restore_.threads = GetParam().restore;
    restore_.verify = true;

    BackupResult saved = back_up();
    EXPECT_FALSE(saved.incomplete) << notes_->all();
    EXPECT_EQ(differences(before, facts_of(dir_ / "src")), "") << "the source was changed";
    RestoreResult restored = bring_back(saved.manifest);
    EXPECT_EQ(restored.failed, 0u) << notes_->all();
    EXPECT_EQ(notes_->all(), "");
    EXPECT_EQ(differences(before, facts_of(out("src"))), "");
    EXPECT_LE(blocks_beneath(out("src")), blocks_before + 64) << "holes became data";

    options_.force = true;
    EXPECT_EQ(back_up().manifest.stats.bytes_new, 0u) << "equal content was stored again";
    EXPECT_EQ(damage(), "");
  }
};

TEST_P(RoundTrip, BringsEverythingBackForRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  round_trip(seed_of_run(), true);
}

TEST_P(RoundTrip, BringsBackWhatAnOrdinaryUserOwns) {
  if (::geteuid() != 0) return round_trip(seed_of_run(), false);
  for (const TempDir* dir : {&dir_, &cache_}) ASSERT_EQ(::chmod(dir->path().c_str(), 0777), 0);
  AsNobody nobody;
  fs::remove(dir_ / "src");
  fs::create_directory(dir_ / "src");
  round_trip(seed_of_run(), false);
}

INSTANTIATE_TEST_SUITE_P(Threads, RoundTrip, testing::Values(Threads{1, 1}, Threads{4, 4}, Threads{1, 4}),
                         [](const auto& run) { return std::to_string(run.param.backup) + "and" + std::to_string(run.param.restore); });

// What an ordinary user gets of root's tree: content, names and times; what can't be set is told once.
TEST_F(BackupTest, AnOrdinaryUserRestoresRootsTreeAndIsToldWhatIsMissing) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  write_file(src("a/file"), "content");
  write_file(src("program"), "#!");
  ASSERT_EQ(::chown(src("program").c_str(), 1, 1), 0);
  ASSERT_EQ(::chmod(src("program").c_str(), 04755), 0);
  ASSERT_EQ(::mknod(src("null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  set_mtime_ns(src("a/file"), -5);
  BackupResult saved = back_up();
  ASSERT_EQ(::chmod(dir_.path().c_str(), 0777), 0);
  fs::permissions(cache_.path(), fs::perms::all);
  for (const auto& item : fs::recursive_directory_iterator(cache_.path())) fs::permissions(item.path(), fs::perms::all);
  AsNobody nobody;
  RestoreResult result = bring_back(saved.manifest);
  EXPECT_EQ(result.failed, 0u) << notes_->all();
  EXPECT_EQ(read_file(out("src/a/file")), "content");
  EXPECT_EQ(names_beneath(out("src")), "a/ a/file program");
  EXPECT_TRUE(facts_of(out("src"))["a/file"].find("mtime -1.999999995") != std::string::npos);
  EXPECT_TRUE(facts_of(out("src"))["program"].starts_with("mode 100755 owner 65534:65534"));
  ASSERT_EQ(notes_->warnings_.size(), 1u) << notes_->all();
  EXPECT_TRUE(BackupNotes::any_has(notes_->warnings_, "owners")) << notes_->all();
  EXPECT_TRUE(BackupNotes::any_has(notes_->warnings_, "device nodes")) << notes_->all();
}

TEST_F(BackupTest, ALargeHoleCostsNeitherTimeNorSpace) {
  write_file(src("hole"), "");
  fs::resize_file(src("hole"), uint64_t{1} << 40);
  BackupResult saved = back_up();
  EXPECT_EQ(saved.manifest.stats.bytes_read, 0u);
  EXPECT_LT(saved.manifest.stats.bytes_stored, 64u << 10);
  RestoreResult result = bring_back(saved.manifest);
  EXPECT_EQ(result.failed, 0u);
  EXPECT_EQ(fs::file_size(out("src/hole")), uint64_t{1} << 40);
  EXPECT_LT(blocks_beneath(out("src")), 64u);
}

}  // namespace
}  // namespace cairn
