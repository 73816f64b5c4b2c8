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
  std::vector<std::string> values;
  database.get_many({"a1", "a3", "b1"}, values);
  EXPECT_EQ(values, (std::vector<std::string>{"x", "", "z"}));
}

// What is held in memory after many questions is what stands: it goes with every change.
TEST(IndexDatabase, ManyQuestionsHearOfEveryChange) {
  TempDir dir;
  IndexDatabase database(dir / "db");
  const std::string one = "c" + std::string(32, '1'), two = "c" + std::string(32, '2');
  std::vector<std::string> values;
  database.ingest({{one, "old"}});
  for (int i = 0; i < 100; ++i) database.get_many({one, two}, values);
  EXPECT_EQ(values, (std::vector<std::string>{"old", ""}));
  database.ingest({{one, "new"}, {two, "there"}});
  for (int i = 0; i < 100; ++i) database.get_many({one, two}, values);
  EXPECT_EQ(values, (std::vector<std::string>{"new", "there"}));
  database.clear();
  database.get_many({one, two}, values);
  EXPECT_EQ(values, (std::vector<std::string>{"", ""}));
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
