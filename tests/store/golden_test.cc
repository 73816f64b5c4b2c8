// Every format that was ever released stays readable: one repository of each is in git.
#include <fstream>

#include "store/backend/local.h"
#include "store/gc/gc_list.h"
#include "tests/golden/golden_content.h"

namespace cairn {
namespace {

// A repository in git that isn't named here would be read by nobody.
const std::set<std::string> kFormats = {"format-1"};

TEST(Golden, EveryFolderIsListedAndEveryListedOneIsThere) {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(CAIRN_TESTS "/golden"))
    if (entry.is_directory()) found.insert(entry.path().filename());
  EXPECT_EQ(found, kFormats);
}

class GoldenTest : public testing::TestWithParam<std::string> {
 protected:
  // A copy in memory, so that nothing can be written to the files in git.
  GoldenTest() {
    std::unique_ptr<Backend> local = open_local(std::string(CAIRN_TESTS "/golden/") + GetParam());
    EXPECT_TRUE(local->list_foreign().empty());
    for (const StoredFile& file : local->list("")) {
      Buffer bytes = read_whole(*local, file.name, 1 << 20);
      memory_.replace(file.name, Bytes(bytes.view().begin(), bytes.view().end()));
    }
  }
  MemoryBackend memory_;
  TempDir cache_;
};

INSTANTIATE_TEST_SUITE_P(Formats, GoldenTest, testing::ValuesIn(kFormats), [](const auto& format) {
  std::string name = format.param;
  std::erase(name, '-');
  return name;
});

TEST_P(GoldenTest, BothSnapshotsReadBackWhole) {
  Repository repository(memory_, kGoldenPassword, cache_ / "cache");
  std::vector<std::string> problems;
  auto snapshots = repository.snapshots(&problems);
  EXPECT_TRUE(problems.empty());
  ASSERT_EQ(snapshots.size(), 2u);
  for (int i = 0; i < 2; ++i) {
    const Manifest& m = snapshots[static_cast<size_t>(i)];
    EXPECT_EQ(m.time_ns, 1'700'000'000'000'000'001 + i);
    EXPECT_EQ(m.sequence, static_cast<uint64_t>(i + 1));
    EXPECT_EQ(m.tags, (std::vector<std::string>{"golden", "number " + std::to_string(i + 1)}));
    EXPECT_EQ(m.users.at(1000), "somebody");
    EXPECT_EQ(m.components.at(0).properties.at("note"), "made once, read for ever");
    ReadBack read = read_back(repository, m);
    EXPECT_TRUE(read.errors.empty());
    EXPECT_EQ(read.files, golden_files(i + 1));
  }
}

TEST_P(GoldenTest, DeltaFramesAndTheOtherSuiteReadBack) {
  Repository repository(memory_, kGoldenPassword, cache_ / "cache");
  ChunkReader reader(memory_, repository.keys(), repository.index(), 1 << 20);
  for (const Bytes& chunk : {golden_delta_base(), golden_delta_chunk(), golden_aes_chunk()}) {
    if (chunk == golden_aes_chunk() && best_suite() != Suite::kAes256Gcm) continue;   // a CPU without AES
    EXPECT_TRUE(std::ranges::equal(reader.chunk(repository.keys().chunk_id(chunk)), chunk));
  }
}

TEST_P(GoldenTest, TheCheckIsContentAndANewSessionAddsToIt) {
  Repository repository(memory_, kGoldenPassword, cache_ / "cache");
  EXPECT_EQ(newest_gc_list(memory_, repository.keys())->generation, 1u);
  CheckReport report = check_all(repository, best_suite() == Suite::kAes256Gcm ? 100 : 0);
  EXPECT_TRUE(report.damage.empty()) << describe(report);
  Manifest manifest = back_up(repository, golden_files(2), 1'800'000'000'000'000'000);
  EXPECT_EQ(read_back(repository, manifest).files, golden_files(2));
}

}  // namespace
}  // namespace cairn
