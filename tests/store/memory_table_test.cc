#include "store/index/memory_table.h"

#include <map>

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

std::string key_of(uint64_t seed) {
  const Bytes id = noise(32, seed);
  return "c" + std::string(id.begin(), id.end());
}

TEST(MemoryTable, FindsWhatIsThereAndNothingElse) {
  for (size_t count : {0, 1, 2, 7, 100, 20'000}) {
    std::map<std::string, std::string> expected;
    for (uint64_t i = 0; i < count; ++i) expected[key_of(i)] = std::string(1 + i % 40, static_cast<char>('a' + i % 26));
    MemoryTable table;
    for (const auto& [key, value] : expected) ASSERT_TRUE(table.add(key, value));
    table.arrange();
    EXPECT_EQ(table.size(), count);
    for (const auto& [key, value] : expected) ASSERT_EQ(table.find(key), value);
    for (uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(table.find(key_of(1'000'000 + i)), "");
    EXPECT_EQ(table.find("c" + std::string(32, '\0')), "");
    EXPECT_EQ(table.find("c" + std::string(32, '\xff')), "");
    EXPECT_EQ(table.find("c"), "");
  }
}

// Ids that somebody chose lie together; what is found stays right.
TEST(MemoryTable, KeysThatLieTogetherAreFoundToo) {
  MemoryTable table;
  std::vector<std::string> keys;
  for (int i = 0; i < 3000; ++i) keys.push_back("c" + std::string(28, i < 1500 ? '\x01' : '\xfe') + std::to_string(1000 + i));
  for (const std::string& key : keys) ASSERT_TRUE(table.add(key, key.substr(29)));
  table.arrange();
  EXPECT_FALSE(table.add("c" + std::string(33, '\xff'), "of another length"));
  EXPECT_FALSE(table.add("d" + std::string(32, '\xff'), "of another kind"));
  EXPECT_FALSE(MemoryTable().add("short", "x"));
  for (const std::string& key : keys) ASSERT_EQ(table.find(key), key.substr(29));
  EXPECT_EQ(table.find("c" + std::string(28, '\x01') + "0999"), "");
  EXPECT_EQ(table.find("c" + std::string(28, '\x80') + "1000"), "");
}

TEST(MemoryTable, AnotherGoesOnWhereItEnds) {
  MemoryTable all, first, second, other;
  EXPECT_TRUE(first.append(second));
  EXPECT_EQ(first.size(), 0u);
  const std::string a = "c" + std::string(8, 'a'), b = "c" + std::string(8, 'b'), c = "c" + std::string(8, 'c');
  ASSERT_TRUE(first.add(a, "one") && first.add(b, "two") && second.add(c, "three") && other.add(a + "longer", "four"));
  EXPECT_TRUE(all.append(first));
  EXPECT_TRUE(all.append(second));
  EXPECT_TRUE(all.append(MemoryTable()));
  EXPECT_FALSE(all.append(other));
  MemoryTable of_another_kind;
  ASSERT_TRUE(of_another_kind.add("d" + std::string(8, 'a'), "five"));
  EXPECT_FALSE(all.append(of_another_kind));
  all.arrange();
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(all.find(a), "one");
  EXPECT_EQ(all.find(b), "two");
  EXPECT_EQ(all.find(c), "three");
  EXPECT_EQ(all.find("c" + std::string(8, 'd')), "");
}

}  // namespace
}  // namespace cairn
