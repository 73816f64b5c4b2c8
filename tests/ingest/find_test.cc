#include "ingest/find/find.h"

#include <random>

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

class Find : public BackupTest {
 protected:
  // "path size first..last count|"
  std::string found(const std::vector<std::string>& patterns, bool ignore_case = false) {
    criteria_.set_patterns(patterns, ignore_case);
    const std::vector<Manifest> all = repository().snapshots();
    BackupNotes notes;
    std::string out;
    result_ = find(repository(), all, component_, criteria_, [&](const std::string& path, const FoundVersion& version, const SnapshotSet& in) {
      out += path + " " + (version.type == EntryType::kDirectory ? "d" : std::to_string(version.size_bytes)) + " " +
             std::to_string(in.first()) + ".." + std::to_string(in.last()) + " " + std::to_string(in.count()) + "|";
    }, notes);
    EXPECT_EQ(notes.all(), "");
    criteria_ = {};
    return out;
  }
  // "path|", and how much couldn't be read, which was told.
  std::pair<std::string, uint64_t> found_of_damaged(const std::string& pattern) {
    criteria_.set_patterns({pattern}, false);
    BackupNotes notes;
    std::string paths;
    const FindResult result = find(repository(), repository().snapshots(), "", criteria_,
                                   [&](const std::string& path, const FoundVersion&, const SnapshotSet&) { paths += path + "|"; }, notes);
    EXPECT_EQ(notes.errors_.size(), result.failed);
    return {paths, result.failed};
  }
  FindCriteria criteria_;
  std::string component_;
  FindResult result_;
};

TEST_F(Find, TellsVersionsAndTheSnapshotsThatHaveThem) {
  write_file(src("a.conf"), "one");
  write_file(src("dir/b.conf"), "b");
  write_file(src("dir/deeper/c.txt"), "c");
  back_up();                                // 0
  write_file(src("a.conf"), "other");
  back_up();                                // 1
  back_up();                                // 2
  fs::remove_all(src("dir"));
  back_up();                                // 3
  EXPECT_EQ(found({"*.conf"}), "src/a.conf 3 0..0 1|src/a.conf 5 1..3 3|src/dir/b.conf 1 0..2 3|");
  EXPECT_EQ(result_.versions, 3u);
  EXPECT_EQ(result_.paths, 2u);
  EXPECT_EQ(found({"/src/dir/*/*"}), "src/dir/deeper/c.txt 1 0..2 3|");
  EXPECT_EQ(found({"dir/*.conf"}), "src/dir/b.conf 1 0..2 3|");
  EXPECT_EQ(found({"dir/"}), "src/dir d 0..2 3|");
  EXPECT_EQ(found({"*", "!*.conf", "!src", "!dir*"}), "src/dir/deeper d 0..2 3|src/dir/deeper/c.txt 1 0..2 3|");
  EXPECT_EQ(found({"deeper"}), "src/dir/deeper d 0..2 3|");
  EXPECT_EQ(found({"D*"}, true).substr(0, 12), "src/dir d 0.");
  EXPECT_EQ(found({"D*"}), "");
}

TEST_F(Find, AVersionThatComesBackIsTheSameOne) {
  write_file(src("f"), "first");
  const auto time = fs::last_write_time(src("f"));
  back_up();
  fs::rename(src("f"), dir_ / "aside");
  back_up();
  fs::rename(dir_ / "aside", src("f"));
  fs::last_write_time(src("f"), time);
  back_up();
  EXPECT_EQ(found({"f"}), "src/f 5 0..2 2|");
}

TEST_F(Find, NarrowsBySizeTimeTypeAndComponent) {
  write_file(src("small"), "1");
  write_file(src("large"), std::string(1000, 'x'));
  fs::create_symlink("small", src("link"));
  set_mtime_ns(src("small"), int64_t{1'000'000'000} * 1'000'000'000);
  back_up({tree("one"), tree("two")});
  criteria_.least_bytes = 1000;
  EXPECT_EQ(found({}), "one/large 1000 0..0 1|two/large 1000 0..0 1|");
  component_ = "two";
  criteria_.most_bytes = 1;
  criteria_.types = "f";
  EXPECT_EQ(found({}), "two/small 1 0..0 1|");
  criteria_.before_ns = int64_t{1'000'000'001} * 1'000'000'000;
  EXPECT_EQ(found({}), "two/small 1 0..0 1|");
  criteria_.since_ns = int64_t{1'000'000'001} * 1'000'000'000;
  criteria_.types = "fl";
  EXPECT_EQ(found({}), "two/large 1000 0..0 1|two/link 0 0..0 1|");
}

TEST_F(Find, FindsPartsOfDumps) {
  const std::string dump = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.18\n-- Dumped by pg_dump version 15.18\n\n"
                           "SET client_encoding = 'UTF8';\n\n--\n-- Name: users; Type: TABLE; Schema: public; Owner: me\n--\n\nCREATE TABLE public.users (\n"
                           "    id integer\n);\n\n\n--\n-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: me\n--\n\n"
                           "COPY public.users (id) FROM stdin;\n1\n2\n\\.\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n";
  write_file(dir_ / "dump", dump);
  for (int night = 0; night < 2; ++night) back_up({shell("db", "cat '" + (dir_ / "dump") + "'"), tree()});
  ASSERT_EQ(repository().snapshots()[0].component("db")->kind, ComponentKind::kPostgres);
  criteria_.parts_only = true;
  criteria_.part_kind = "table";
  const std::string tables = found({"users.sql"});
  EXPECT_TRUE(tables.ends_with("public/users.sql " + std::to_string(0) + "..1 2|") || tables.find("0..1 2|") != std::string::npos) << tables;
  EXPECT_TRUE(tables.starts_with("db/")) << tables;
  EXPECT_EQ(std::ranges::count(tables, '|'), 1) << tables;
  EXPECT_NE(found({"/db/**/public/"}).find("/public d 0..1 2|"), std::string::npos);
  EXPECT_EQ(found({"dump.sql"}).substr(0, 12), "db/dump.sql ");
}

// Two snapshots have what the third lost.
TEST_F(Find, WhatCanNotBeReadIsToldOnceHoweverManyShareIt) {
  write_file(src("a/x"), "x");
  back_up({tree("one")});
  const std::vector<std::string> first = packs();
  for (const char* name : {"y", "z"}) {
    write_file((dir_ / "other/") + name, name);
    back_up({tree("one"), tree_at("two", dir_ / "other")});
  }
  for (const std::string& name : first) memory_.remove(name);
  reopen();
  const auto [paths, failed] = found_of_damaged("[xyz]");
  EXPECT_EQ(paths, "two/y|two/z|");
  EXPECT_EQ(failed, 2u);   // the root of the first, and the directory of the others
}

TEST_F(Find, TellsWhatCanNotBeReadAndGoesOn) {
  write_file(src("a/x"), "x");
  back_up({tree("one")});
  const std::vector<std::string> first = packs();
  write_file(dir_ / "other/y", "y");
  back_up({tree_at("two", dir_ / "other")});
  for (const std::string& name : first) memory_.remove(name);
  reopen();
  const auto [paths, failed] = found_of_damaged("[xy]");
  EXPECT_EQ(paths, "two/y|");
  EXPECT_EQ(failed, 1u);
}

// Three directories with the same names, each a level deeper, of which a path means one: what is known of the names says nothing of the others.
TEST_F(Find, EqualNamesInOtherPlacesAreJudgedByTheirPaths) {
  for (const char* name : {"one/f", "x/two/f", "x/y/third/f"}) write_file(src(name), "f");
  back_up();
  for (int time = 0; time < 2; ++time) EXPECT_EQ(found({"**/third/f"}), "src/x/y/third/f 1 0..0 1|") << time;
  EXPECT_EQ(found({"**/one/f"}), "src/one/f 1 0..0 1|");
}

// Names that are known needn't be read again, but for those of a snapshot that has come since; what holds a wanted one is.
TEST_F(Find, ReadsOnlyWhatMayHoldTheName) {
  for (int i = 0; i < 400; ++i) write_file(src("many/n" + std::to_string(i)), std::to_string(i));   // several leaves
  for (int i = 0; i < 60; ++i) write_file(src("d" + std::to_string(i) + "/sub/f" + std::to_string(i)), noise_text(2000, static_cast<uint64_t>(i)));
  for (int i = 0; i < 3000; ++i)   // frames full of names
    write_file(src("d" + std::to_string(i % 60) + "/" + to_hex(view(noise_text(40, static_cast<uint64_t>(1000 + i))))), "");
  back_up();
  write_file(src("d7/sub/f7"), "other");
  back_up();
  const auto bytes_for = [&](const std::string& pattern, const std::string& expected) {
    reopen();
    faults_.clear();
    EXPECT_EQ(found({pattern}), expected) << pattern;
    return faults_.bytes_of(Operation::kRead, "packs/");
  };
  const uint64_t all = bytes_for("nothing", "");
  const uint64_t none = bytes_for("nothing", "");
  EXPECT_LT(2 * none, all);
  EXPECT_EQ(bytes_for("neither", ""), none);
  EXPECT_EQ(bytes_for("/src/d7/nothing", ""), none);
  EXPECT_GT(bytes_for("f7", "src/d7/sub/f7 2000 0..0 1|src/d7/sub/f7 5 1..1 1|"), none);
  EXPECT_GT(bytes_for("sub", [] {
    std::string out;
    std::vector<std::string> names;
    for (int i = 0; i < 60; ++i) names.push_back("src/d" + std::to_string(i) + "/sub d 0..1 2|");
    std::ranges::sort(names);
    for (const std::string& name : names) out += name;
    return out;
  }()), none);
  EXPECT_GT(bytes_for("n17", "src/many/n17 2 0..1 2|"), none);
  write_file(src("d7/sub/late"), "late");
  back_up();
  EXPECT_EQ(bytes_for("late", "src/d7/sub/late 4 2..2 1|") > none, true);
}

// The slow way: every snapshot listed, every path asked.
std::map<std::string, std::set<size_t>> walked(Repository& repository, const std::vector<Manifest>& all, const FindCriteria& criteria) {
  std::map<std::string, std::set<size_t>> out;
  BackupNotes notes;
  for (size_t number = 0; number < all.size(); ++number)
    list(repository, all[number], "", true, ListVisit([&](const std::string& path, const Entry& entry, const Part* part) {
      if (criteria.matches(path, entry, part)) out[path].insert(number);
    }), notes);
  return out;
}

TEST_F(Find, FindsWhatAWalkOfEverySnapshotFinds) {
  std::mt19937 random(20261120);
  const auto pick = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
  const auto any_path = [&] {
    std::string path;
    for (int depth = pick(4); depth >= 0; --depth) path += (path.empty() ? "" : "/") + std::string(1, static_cast<char>('a' + pick(4)));
    return path + std::to_string(pick(30)) + (pick(2) ? ".txt" : ".c");
  };
  keep_open_ = true;
  for (int i = 0; i < 400; ++i) write_file(src("many/n" + std::to_string(i)), std::to_string(i));   // several leaves
  for (int snapshot = 0; snapshot < 12; ++snapshot) {
    for (int i = 0; i < 15; ++i) {
      std::error_code ignored;
      const std::string path = src(any_path());
      if (pick(3) == 0) fs::remove_all(fs::path(path).parent_path() == fs::path(dir_ / "src") ? fs::path(path) : fs::path(path).parent_path(), ignored);
      else write_file(path, std::string(static_cast<size_t>(pick(2000)), 'x'));
    }
    write_file(src("many/n" + std::to_string(pick(400))), "changed " + std::to_string(snapshot));
    back_up(pick(4) ? std::vector<SourceSpec>{tree()} : std::vector<SourceSpec>{tree(), tree("again")});
  }
  std::vector<Manifest> all = repository().snapshots();
  const std::vector<std::vector<std::string>> kPatterns = {
      {"nothing"}, {"a1*.c"}, {"*"}, {"*.txt"}, {"a*", "!*.c"}, {"/src/a/**"}, {"b/*.c"}, {"/again/*"}, {"**/c/*"}, {"n39?"}, {"/src/many/n*1"}, {"[ab]/"}, {"nothing"}};
  for (const auto& patterns : kPatterns) {
    if (pick(4) == 0) {   // what the searches before know isn't all there is
      write_file(src(any_path() + "/" + any_path()), "new");
      back_up();
      all = repository().snapshots();
    }
    FindCriteria criteria;
    criteria.set_patterns(patterns, false);
    if (pick(2)) criteria.least_bytes = 100;
    std::map<std::string, std::set<size_t>> seen;
    std::string last;
    BackupNotes notes;
    find(repository(), all, "", criteria, [&](const std::string& path, const FoundVersion&, const SnapshotSet& in) {
      for (const SnapshotSet::Run& run : in.runs())
        for (size_t number = run.first; number <= run.last; ++number) EXPECT_TRUE(seen[path].insert(number).second) << path;
    }, notes);
    EXPECT_EQ(seen, walked(repository(), all, criteria)) << patterns[0];
  }
}

TEST(SnapshotSet, JoinsRuns) {
  SnapshotSet set;
  for (uint32_t number : {5u, 1u, 2u, 9u, 4u, 3u, 4u}) set.add(number);
  EXPECT_EQ(set.runs(), (std::vector<SnapshotSet::Run>{{1, 5}, {9, 9}}));
  EXPECT_EQ(set.count(), 6u);
  SnapshotSet other;
  other.add(7);
  other.add(8);
  other.add(set);
  EXPECT_EQ(other.runs(), (std::vector<SnapshotSet::Run>{{1, 5}, {7, 9}}));
  EXPECT_EQ(other.first(), 1u);
  EXPECT_EQ(other.last(), 9u);
}

}  // namespace
}  // namespace cairn
