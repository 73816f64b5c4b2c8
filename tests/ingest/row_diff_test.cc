#include "ingest/diff/row_diff.h"

#include <algorithm>

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

// Lines as two streams of one snapshot, compared.
class RowDiffTest : public BackupTest {
 protected:
  RowDiff compare(const std::string& before, const std::string& after, uint64_t cut_front = 0) {
    write_file(dir_ / "before", before);
    write_file(dir_ / "after", after);
    options_.format = StreamFormat::kRaw;
    const Manifest m = back_up({shell("before", "cat '" + (dir_ / "before") + "'"),
                                shell("after", "cat '" + (dir_ / "after") + "'")}).manifest;
    std::map<std::string, Entry> entries = entries_of(m);
    ChunkReader reader(repository().backend(), repository().keys(), repository().index(), 4 << 20);
    const std::vector<Extent> was = {{cut_front, before.size() - cut_front}}, is = {{cut_front, after.size() - cut_front}};
    BackupNotes notes;
    return diff_rows({reader, entries["before"].content, was}, {reader, entries["after"].content, is}, notes);
  }
  static std::string numbered(size_t count, const std::string& tail = "") {
    std::string out;
    for (size_t i = 0; i < count; ++i) out += std::to_string(i * 7919) + "\tsome text of row " + std::to_string(i) + tail + "\n";
    return out;
  }
};

TEST_F(RowDiffTest, OfEqualLinesIsNothing) {
  RowDiff same = compare(numbered(50'000), numbered(50'000));
  EXPECT_EQ(same.added + same.removed, 0u);
}

TEST_F(RowDiffTest, CountsLinesOfEitherSide) {
  std::string before = numbered(50'000), after = before;
  after.insert(after.find("row 25000\n") + 10, "a new one\nand another\n");
  after.erase(after.find("7919\t"), after.find('\n', after.find("7919\t")) + 1 - after.find("7919\t"));
  RowDiff diff = compare(before, after);
  EXPECT_EQ(diff.added, 2u);
  EXPECT_EQ(diff.removed, 1u);
}

TEST_F(RowDiffTest, AChangedLineIsOneAddedAndOneRemoved) {
  std::string before = numbered(30'000), after = before;
  after.replace(after.find("row 12345\n"), 9, "ROW 12345");
  RowDiff diff = compare(before, after);
  EXPECT_EQ(diff.added, 1u);
  EXPECT_EQ(diff.removed, 1u);
}

TEST_F(RowDiffTest, OrderDoesntMatter) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < 20'000; ++i) lines.push_back("row " + std::to_string(i * i) + "\n");
  std::string before, after;
  for (const std::string& line : lines) before += line;
  std::ranges::reverse(lines);
  for (const std::string& line : lines) after += line;
  RowDiff diff = compare(before, after);
  EXPECT_EQ(diff.added + diff.removed, 0u);
}

TEST_F(RowDiffTest, EqualLinesCountAsOftenAsTheyAreThere) {
  std::string before, after;
  for (size_t i = 0; i < 60'000; ++i) before += "the same row again and again\n";
  for (size_t i = 0; i < 40'000; ++i) after += "the same row again and again\n";
  RowDiff diff = compare(before, after);
  EXPECT_EQ(diff.added, 0u);
  EXPECT_EQ(diff.removed, 20'000u);
}

TEST_F(RowDiffTest, MoreLinesThanFitAtOnceAreCountedInPasses) {
  RowDiff diff = compare(numbered(1'300'000, "a"), numbered(1'300'000, "b"));
  EXPECT_EQ(diff.added, 1'300'000u);
  EXPECT_EQ(diff.removed, 1'300'000u);
}

TEST_F(RowDiffTest, LooksAtTheGivenExtentsOnly) {
  RowDiff diff = compare("aaaa\n" + numbered(1000), "bbbb\n" + numbered(1001), 5);
  EXPECT_EQ(diff.added, 1u);
  EXPECT_EQ(diff.removed, 0u);
}

}  // namespace
}  // namespace cairn
