#include "store/repository.h"

#include "store/check/stats.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

using RepositoryTest = StoreTest;

TEST_F(RepositoryTest, IsMadeOnceAndOnlyInAnEmptyPlace) {
  auto before = memory.snapshot();
  EXPECT_EQ(code_of([&] { Repository::init(memory, "other", cheap_options()); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(memory.snapshot(), before);
  for (const char* name : {"notes.txt", "packs/00/x", "Upper Case"}) {
    MemoryBackend other;
    other.replace(name, {1});
    EXPECT_EQ(code_of([&] { Repository::init(other, "p", cheap_options()); }), ErrorCode::kInvalidArgument) << name;
    EXPECT_EQ(other.snapshot().size(), 1u);
  }
}

TEST_F(RepositoryTest, OpensWithItsPasswordAndSaysWhyNot) {
  EXPECT_EQ(code_of([&] { Repository(memory, "wrong", cache / "x"); }), ErrorCode::kWrongKey);
  MemoryBackend empty;
  EXPECT_EQ(code_of([&] { Repository(empty, "p", cache / "x"); }), ErrorCode::kNoRepository);
  Repository repository = open();
  EXPECT_EQ(repository.config().repository, repository.keys().repository);
}

TEST_F(RepositoryTest, ListsSnapshotsOldestFirstAndTellsWhatItCannotOpen) {
  Repository repository = open();
  for (int64_t time : {5, 1, 3}) back_up(repository, {{"f", noise(10, static_cast<uint64_t>(time))}}, time);
  memory.replace("snapshots/" + std::string(64, 'a'), noise(500, 1));
  memory.replace("snapshots/readme", {1});
  std::vector<std::string> problems;
  auto snapshots = repository.snapshots(&problems);
  ASSERT_EQ(snapshots.size(), 3u);
  EXPECT_EQ(std::tuple(snapshots[0].time_ns, snapshots[1].time_ns, snapshots[2].time_ns), std::tuple(1, 3, 5));
  EXPECT_EQ(problems.size(), 1u);
}

TEST_F(RepositoryTest, FindsAPathAndSaysWhichElementIsMissing) {
  Repository repository = open();
  Manifest m = back_up(repository, sample_files(1));
  ChunkReader reader(memory, repository.keys(), repository.index(), 1 << 20);
  auto find = [&](std::string_view path) { return find_path(reader.object_source(), m.root, path); };
  EXPECT_EQ(find(""), std::nullopt);
  EXPECT_EQ(find("tree")->type, EntryType::kDirectory);
  for (const char* path : {"tree/a/b/deep", "/tree//a/./b/deep", "tree/a/b/deep/"}) EXPECT_EQ(find(path)->size_bytes, 3000u) << path;
  EXPECT_EQ(code_of([&] { find("tree/a/nothing/deep"); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { find("tree/one/x"); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of([&] { find(".."); }), ErrorCode::kNotFound);
  try {
    find("tree/a/nothing/deep");
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("tree/a/nothing"), std::string::npos);
    EXPECT_EQ(std::string(e.what()).find("deep"), std::string::npos);
  }
}

TEST_F(RepositoryTest, StatsAddUp) {
  Repository repository = open();
  back_up(repository, {{"a", noise(10000, 1)}, {"b", noise(10000, 1)}}, 1);
  back_up(repository, {{"a", noise(10000, 1)}}, 2);
  RepositoryStats stats = repository_stats(repository);
  EXPECT_EQ(stats.snapshots, 2u);
  EXPECT_EQ(stats.logical_bytes, 30000u);
  EXPECT_EQ(stats.unique_bytes, 10000u);
  EXPECT_EQ(stats.unique_chunks, 3u);
  uint64_t total = 0;
  for (const StoredFile& file : memory.list("")) total += file.size_bytes;
  EXPECT_EQ(stats.total_bytes, total);
  EXPECT_EQ(stats.data_stored_bytes + stats.tree_stored_bytes + stats.index_bytes + stats.snapshot_bytes + stats.other_bytes, total);
  EXPECT_EQ(stats.packs, names("packs/").size());
}

class ChooseSnapshot : public testing::Test {
 protected:
  static Manifest snapshot(uint8_t first_byte, const std::string& host, std::vector<std::string> tags, const std::string& time) {
    Manifest m;
    m.id = SnapshotId{{first_byte, 0xbc, 0xde}};
    m.host = host;
    m.tags = std::move(tags);
    std::tm tm{};
    ::strptime(time.c_str(), "%Y-%m-%d %H:%M:%S", &tm);
    m.time_ns = ::timegm(&tm) * 1'000'000'000;
    m.components.resize(1);
    m.components[0].name = "home";
    return m;
  }
  // The position of what is chosen, or the code of the error.
  int choose(std::string_view name, const SnapshotFilter& filter = {}) {
    int position = -1;
    auto code = code_of([&] { position = static_cast<int>(&choose_snapshot(all_, name, filter) - all_.data()); });
    return code ? 100 + static_cast<int>(*code) : position;
  }
  static int error(ErrorCode code) { return 100 + static_cast<int>(code); }
  std::vector<Manifest> all_ = {snapshot(0xaa, "one", {"a"}, "2026-11-01 03:00:00"), snapshot(0xaa, "two", {"a", "b"}, "2026-11-02 03:00:00"),
                                snapshot(0x11, "one", {}, "2026-11-03 03:00:30")};
};

TEST_F(ChooseSnapshot, ByAgeByIdAndByTime) {
  all_[1].id.bytes[2] = 0xdf;
  struct {
    const char* name;
    int expected;
  } table[] = {{"latest", 2}, {"latest~0", 2}, {"latest~2", 0}, {"latest~3", error(ErrorCode::kNotFound)},
               {"latest~", error(ErrorCode::kInvalidArgument)}, {"latest~x", error(ErrorCode::kInvalidArgument)},
               {"latest~-1", error(ErrorCode::kInvalidArgument)}, {"11bc", 2}, {"11b", error(ErrorCode::kInvalidArgument)},
               {"aabcde", 0}, {"aabcdf", 1}, {"aabc", error(ErrorCode::kInvalidArgument)}, {"ffff", error(ErrorCode::kNotFound)},
               {"", error(ErrorCode::kInvalidArgument)}, {"@2026-11-02T03:00Z", 1}, {"@2026-11-02T02:59Z", 0},
               {"@2026-11-02T02:59:59Z", 0}, {"@2026-11-03T03:00Z", 2}, {"@2026-11-03T03:00:29Z", 1}, {"@2026-11-02Z", 1},
               {"@2030-01-01", 2}, {"@2020-01-01", error(ErrorCode::kNotFound)}, {"@yesterday", error(ErrorCode::kInvalidArgument)},
               {"@", error(ErrorCode::kInvalidArgument)}};
  for (const auto& row : table) EXPECT_EQ(choose(row.name), row.expected) << row.name;
}

TEST_F(ChooseSnapshot, OfTheHostTagsAndComponentAskedFor) {
  EXPECT_EQ(choose("latest", {"one", {}, ""}), 2);
  EXPECT_EQ(choose("latest", {"two", {}, ""}), 1);
  EXPECT_EQ(choose("latest", {"", {"a"}, ""}), 1);
  EXPECT_EQ(choose("latest", {"", {"b", "a"}, ""}), 1);
  EXPECT_EQ(choose("latest", {"one", {"b"}, ""}), error(ErrorCode::kNotFound));
  EXPECT_EQ(choose("latest", {"", {}, "home"}), 2);
  EXPECT_EQ(choose("latest", {"", {}, "var"}), error(ErrorCode::kNotFound));
  EXPECT_EQ(choose("latest~1", {"one", {}, ""}), 0);
}

}  // namespace
}  // namespace cairn
