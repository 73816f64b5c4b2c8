#include "ingest/diff/tree_diff.h"

#include <map>
#include <random>

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

class TreeDiff : public BackupTest {
 protected:
  // "+ path kind|M path kind|…"
  std::string differences(const Manifest& before, const std::string& a, const Manifest& after, const std::string& b) {
    std::string out;
    constexpr const char* kSigns[] = {"+", "-", "M"};
    BackupNotes notes;
    diff(repository(), before, a, after, b, [&](const Difference& d) {
      out += std::string(kSigns[static_cast<size_t>(d.change)]) + " " + d.path + " " + d.kind + "|";
    }, notes);
    return out;
  }
};

TEST_F(TreeDiff, NamesWhatWasAddedRemovedAndChanged) {
  for (const char* name : {"a", "dir/b", "dir/sub/c", "gone", "olddir/x", "type"}) write_file(src(name), name);
  const Manifest before = back_up().manifest;
  write_file(src("a"), "other");
  write_file(src("dir/sub/new"), "n");
  write_file(src("newdir/y"), "y");
  fs::remove(src("gone"));
  fs::remove_all(src("olddir"));
  fs::remove(src("type"));
  fs::create_symlink("a", src("type"));
  const Manifest after = back_up().manifest;
  EXPECT_EQ(differences(before, "", after, ""),
            "M src/a file|+ src/dir/sub/new file|- src/gone file|+ src/newdir directory|- src/olddir directory|M src/type link|");
  EXPECT_EQ(differences(after, "src", after, "src"), "");
  EXPECT_EQ(differences(before, "src/dir", after, "src/dir"), "+ src/dir/sub/new file|");
  EXPECT_EQ(differences(before, "src/a", after, "src/a"), "M src/a file|");
}

TEST_F(TreeDiff, NoticesMetadataAndNothingElse) {
  write_file(src("kept"), "k");
  write_file(src("mode"), "m");
  const Manifest before = back_up().manifest;
  ::chmod(src("mode").c_str(), 0700);
  ::chmod(src("kept").c_str(), 0600);
  const Manifest middle = back_up().manifest;
  fs::rename(src("kept"), src("x"));
  fs::rename(src("x"), src("kept"));   // another ctime, nothing a restore would make otherwise
  const Manifest after = back_up().manifest;
  EXPECT_EQ(differences(before, "", middle, "").find("src/mode file") != std::string::npos, true);
  EXPECT_EQ(differences(middle, "src/kept", after, "src/kept"), "");
}

TEST_F(TreeDiff, ReadsNoDirectoryThatBothShare) {
  for (int i = 0; i < 50; ++i) write_file(src("big/" + std::to_string(i)), std::to_string(i));
  write_file(src("small/x"), "x");
  const Manifest before = back_up().manifest;
  write_file(src("small/x"), "yy");
  const Manifest after = back_up().manifest;
  reopen();
  EXPECT_EQ(differences(before, "", after, ""), "M src/small/x file|");
}

// Directories of one leaf and of many, that grow and shrink: most leaves are shared, and end elsewhere where names came or went.
TEST_F(TreeDiff, OfLongDirectoriesTellsWhatAComparisonOfNamesTells) {
  std::mt19937 random(3);
  std::map<std::string, std::string> files, before_files;
  write_file(src("d/sub/kept"), "kept");
  std::optional<Manifest> before;
  for (const int count : {3, 500, 450, 700, 2}) {
    auto name = [&] { return std::to_string(100 + random() % 900) + "-of-many"; };
    auto put = [&](const std::string& file) {
      files[file] = std::to_string(random()) + std::string(random() % 200, '.');
      write_file(src("d/" + file), files[file]);
    };
    while (files.size() < static_cast<size_t>(count)) put(name());
    while (files.size() > static_cast<size_t>(count)) {
      fs::remove(src("d/" + files.begin()->first));
      files.erase(files.begin());
    }
    put(std::prev(files.end())->first);
    const Manifest after = back_up().manifest;
    std::string expected;
    std::map<std::string, std::string> all = files;
    all.insert(before_files.begin(), before_files.end());
    for (const auto& [file, content] : all) {
      const auto was = before_files.find(file), is = files.find(file);
      if (was == before_files.end()) expected += "+";
      else if (is == files.end()) expected += "-";
      else if (was->second != is->second) expected += "M";
      else continue;
      expected += " src/d/" + file + " file|";
    }
    if (before) {
      EXPECT_EQ(differences(*before, "", after, ""), expected) << count;
    }
    before = after;
    before_files = files;
  }
}

// More than are read and compared together, on several levels, with long ones among them: each is told in its place.
TEST_F(TreeDiff, OfManyDirectoriesTellsEachInItsPlace) {
  std::mt19937 random(4);
  std::map<std::string, int> files;   // none has a character before '/': paths are in order as names in directories are
  for (int i = 0; i < 400; ++i)
    for (const char* name : {"b", "sub/a", "sub/deeper/x", "z"}) files["d" + std::to_string(i) + "/" + name] = 0;
  for (int i = 0; i < 600; ++i) files["d7/sub/long" + std::to_string(i)] = 0;
  for (const auto& [file, version] : files) write_file(src(file), file);
  const Manifest before = back_up().manifest;
  std::string expected;
  for (auto& [file, version] : files) {
    if (random() % 3 != 0) continue;
    write_file(src(file), file + "'");
    expected += "M src/" + file + " file|";
  }
  const Manifest after = back_up().manifest;
  reopen();
  EXPECT_EQ(differences(before, "", after, ""), expected);
  EXPECT_EQ(differences(after, "", before, ""), expected);
}

TEST_F(TreeDiff, OfComponentsThatCameAndWent) {
  write_file(src("a"), "a");
  const Manifest before = back_up({tree("one"), shell("two", "echo 2")}).manifest;
  const Manifest after = back_up({tree("one"), shell("three", "echo 3")}).manifest;
  EXPECT_EQ(differences(before, "", after, ""), "+ three stream|- two stream|");
  BackupNotes notes;
  EXPECT_EQ(code_thrown_by([&] { differences(before, "nothing", after, "one"); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_thrown_by([&] { differences(before, "", after, "one"); }), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cairn
