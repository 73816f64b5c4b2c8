#include "store/index/database.h"

#include <fstream>

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs scan(const IndexDatabase& database, std::string_view prefix) {
  Pairs out;
  database.scan(prefix, [&](std::string_view key, std::string_view value) { out.emplace_back(key, value); });
  return out;
}

// "" where there is no value.
std::vector<std::string> get_many(const IndexDatabase& database, const std::vector<std::string_view>& keys) {
  std::vector<std::string> out(keys.size());
  database.get_many(keys, [&](size_t i, std::string_view value) { out[i] = value; });
  return out;
}

TEST(IndexDatabase, KeepsWhatIsIngestedInOrderOfItsKeys) {
  TempDir dir;
  const Pairs pairs = {{"a1", "x"}, {"a2", "y"}, {"b1", "z"}};
  {
    IndexDatabase database(dir / "db");
    EXPECT_TRUE(database.writable());
    database.ingest({});
    database.ingest(pairs);
    database.ingest({{"a2", "newer"}});
  }
  IndexDatabase database(dir / "db");
  EXPECT_EQ(database.get("a2"), "newer");
  EXPECT_EQ(database.get("a"), std::nullopt);
  EXPECT_EQ(scan(database, "a"), (Pairs{{"a1", "x"}, {"a2", "newer"}}));
  EXPECT_EQ(scan(database, "c"), Pairs{});
  EXPECT_EQ(get_many(database, {"a1", "a3", "b1"}), (std::vector<std::string>{"x", "", "z"}));
}

// RocksDB 7.8 makes a log at each opening and never takes an empty one away.
TEST(IndexDatabase, OpeningManyTimesLeavesNoLogsBehind) {
  TempDir dir;
  for (int i = 0; i < 5; ++i) {
    IndexDatabase database(dir / "db");
    database.ingest({{"a" + std::to_string(i), "x"}});
  }
  size_t logs = 0;
  for (const auto& file : std::filesystem::directory_iterator(dir / "db")) logs += file.path().extension() == ".log";
  EXPECT_LE(logs, 1u);
  EXPECT_EQ(scan(IndexDatabase(dir / "db"), "a").size(), 5u);
}

// What is held in memory after many questions is what stands: it goes with every change.
TEST(IndexDatabase, ManyQuestionsHearOfEveryChange) {
  TempDir dir;
  IndexDatabase database(dir / "db");
  const std::string one = "c" + std::string(32, '1'), two = "c" + std::string(32, '2');
  auto expect = [&](const std::vector<std::string>& values) {
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(get_many(database, {one, two}), values) << i;
  };
  database.ingest({{one, "old"}});
  expect({"old", ""});
  database.ingest({{one, "new"}, {two, "there"}});
  expect({"new", "there"});
  database.clear();
  expect({"", ""});
}

// Reading it all is worth it for many questions, also of tables that were there before and that RocksDB hasn't opened yet.
TEST(IndexDatabase, FewQuestionsDontReadItAll) {
  TempDir dir;
  Pairs pairs;
  for (int i = 10000; i < 26000; ++i) pairs.push_back({"c" + std::to_string(i) + std::string(27, '.'), "value"});
  IndexDatabase(dir / "db").ingest(pairs);
  IndexDatabase database(dir / "db");
  const std::vector<std::string_view> some = {pairs[3].first, pairs[4].first};
  for (int i = 0; i < 900; ++i) EXPECT_EQ(get_many(database, some), (std::vector<std::string>{"value", "value"}));
  EXPECT_FALSE(database.in_memory());
  for (int i = 0; i < 200; ++i) EXPECT_EQ(get_many(database, some), (std::vector<std::string>{"value", "value"}));
  EXPECT_TRUE(database.in_memory());
}

TEST(IndexDatabase, ASecondOneReadsWhatStandsAndMayNotWrite) {
  TempDir dir;
  IndexDatabase first(dir / "db");
  first.ingest({{"a", "1"}});
  IndexDatabase second(dir / "db");
  EXPECT_FALSE(second.writable());
  EXPECT_EQ(second.get("a"), "1");
  first.ingest({{"b", "2"}});
  EXPECT_EQ(second.get("b"), std::nullopt);
  second.clear();   // exchanged for a private one
  EXPECT_TRUE(second.writable());
  EXPECT_EQ(second.get("a"), std::nullopt);
  second.ingest({{"c", "3"}});
  EXPECT_EQ(first.get("a"), "1");
  EXPECT_EQ(first.get("c"), std::nullopt);
}

TEST(IndexDatabase, ASharedOneLeavesWritingToOthers) {
  TempDir dir;
  IndexDatabase(dir / "db").ingest({{"a", "x"}});
  IndexDatabase shared(dir / "db", IndexDatabase::Access::kShared);
  EXPECT_FALSE(shared.writable());
  IndexDatabase writer(dir / "db");
  EXPECT_TRUE(writer.writable());
  writer.ingest({{"b", "y"}});
  EXPECT_EQ(shared.get("a"), "x");
  EXPECT_EQ(shared.get("b"), std::nullopt);
}

TEST(IndexDatabase, ClearForgetsEverything) {
  TempDir dir;
  IndexDatabase database(dir / "db");
  database.ingest({{"a", "1"}});
  database.clear();
  EXPECT_EQ(scan(database, ""), Pairs{});
  database.ingest({{"b", "2"}});
  EXPECT_EQ(database.get("b"), "2");
}

TEST(IndexDatabase, NeverTakesAnythingButItsFolderAway) {
  TempDir dir;
  std::ofstream(dir / "db") << "a file in the way";
  std::ofstream(dir / "beside") << "beside";
  { IndexDatabase(dir / "db").clear(); }
  EXPECT_TRUE(std::filesystem::exists(dir / "beside"));
}

}  // namespace
}  // namespace cairn
