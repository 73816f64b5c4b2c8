#include "ingest/parts/part_view.h"

#include <set>

#include <fstream>

#include "tests/ingest/parts_fixture.h"

namespace cairn {
namespace {

using PartViewTest = PartsTest;

TEST(TidyPath, LeavesTheElements) {
  EXPECT_EQ(tidy_path("/db//a/./b/"), "db/a/b");
  EXPECT_EQ(tidy_path("./"), "");
  EXPECT_EQ(tidy_path("a/.b"), "a/.b");
}

TEST_F(PartViewTest, AComponentIsListedAsADirectory) {
  make_dump();
  Manifest m = commit();
  EXPECT_EQ(listed(m, ""), "db/\nnote\n");
  EXPECT_EQ(listed(m, "db"), "db/dump.sql\ndb/globals.sql globals\ndb/shop.create.sql create-database\ndb/shop.sql database\n"
                             "db/shop/\ndb/zoo/\n");
  EXPECT_EQ(listed(m, "db/shop"), "db/shop/app.sql schema\ndb/shop/app/\ndb/shop/odd name.sql extension\n");
  EXPECT_EQ(listed(m, "/db/shop//app/"), "db/shop/app/mood.sql type\ndb/shop/app/one.copy rows\ndb/shop/app/one.sql table\n"
                                         "db/shop/app/two.sql table\n");
  EXPECT_EQ(listed(m, "", true), "db/\n" + listed(m, "db", true) + "note\n");
  EXPECT_EQ(listed(m, "db", true),
            "db/dump.sql\ndb/globals.sql globals\ndb/shop.create.sql create-database\ndb/shop.sql database\ndb/shop/\n"
            "db/shop/app.sql schema\ndb/shop/app/\ndb/shop/app/mood.sql type\ndb/shop/app/one.copy rows\ndb/shop/app/one.sql table\n"
            "db/shop/app/two.sql table\ndb/shop/odd name.sql extension\ndb/zoo/\ndb/zoo/public/\ndb/zoo/public/a.sql table\n");
  EXPECT_EQ(listed(m, "db/zoo", true), "db/zoo/public/\ndb/zoo/public/a.sql table\n");
  EXPECT_EQ(listed(m, "db/shop/app/one.sql"), "db/shop/app/one.sql table\n");
  EXPECT_EQ(listed(m, "db/shop/app/one"), "db/shop/app/one.sql table\n");
  EXPECT_EQ(listed(m, "db/dump.sql"), "db/dump.sql\n");
}

TEST_F(PartViewTest, EntriesHaveSizesTimesAndSafeModes) {
  make_dump();
  Manifest m = commit();
  std::map<std::string, Entry> entries = entries_of(m);
  const Entry& table = entries.at("db/shop/app/one.sql");
  EXPECT_EQ(table.name, "one.sql");
  EXPECT_EQ(table.mode, 0640u);
  EXPECT_EQ(table.mtime_ns, kTime);
  EXPECT_EQ(table.size_bytes, content_of(m, "db/shop/app/one.sql").size());
  EXPECT_EQ(entries.at("db").mode, 0750u);
  EXPECT_EQ(entries.at("db").size_bytes, stream_.size());
  EXPECT_EQ(entries.at("db/shop").size_bytes, entries.at("db/shop.sql").size_bytes);
  EXPECT_EQ(entries.at("db/zoo").size_bytes, 0u);
  EXPECT_EQ(entries.at("db/dump.sql").mode, 0740u);
  EXPECT_EQ(entries.at("db/dump.sql").size_bytes, stream_.size());
}

// Somebody who hides commands of psql in a dump doesn't know the word that would allow them.
TEST_F(PartViewTest, ScriptsAreRestrictedByAKeyOfTheirOwn) {
  make_dump(10);
  Manifest m = commit();
  std::set<std::string> keys;
  size_t scripts = 0;
  for (const Part& part : parts_) {
    if (part.kind == "link") continue;
    const std::string all = content_of(m, "db/" + part.name);
    EXPECT_EQ(without_restriction(all) != all, part.name.ends_with(".sql")) << part.name;
    if (part.name.ends_with(".sql")) keys.insert(all.substr(0, all.find('\n'))), ++scripts;
    EXPECT_EQ(all, content_of(m, "db/" + part.name)) << "another key each time";
  }
  EXPECT_GT(scripts, 2u);
  EXPECT_EQ(keys.size(), scripts);
}

TEST_F(PartViewTest, PartsAreWrittenAsPreambleAndExtents) {
  make_dump(200'000);   // more than one job
  Manifest m = commit();
  for (const char* path : {"db", "db/dump.sql", "db/"}) EXPECT_TRUE(content_of(m, path) == stream_) << path;
  for (const Part& part : parts_) {
    if (part.kind == "link") continue;
    EXPECT_TRUE(without_restriction(content_of(m, "db/" + part.name)) == std::string(text(part.preamble)) + bytes_of(part.extents)) << part.name;
  }
  EXPECT_EQ(content_of(m, "db/shop/app/mood"), content_of(m, "db/shop/app/mood.sql"));
  EXPECT_TRUE(content_of(m, "db/shop") == content_of(m, "db/shop.sql"));
  EXPECT_EQ(content_of(m, "note"), "hello");
}

TEST_F(PartViewTest, AnInlineStreamHasPartsToo) {
  make_dump(10);
  inline_ = true;
  Manifest m = commit();
  EXPECT_EQ(content_of(m, "db"), stream_);
  for (const Part& part : parts_) {
    if (part.kind == "link") continue;
    EXPECT_EQ(without_restriction(content_of(m, "db/" + part.name)), std::string(text(part.preamble)) + bytes_of(part.extents));
  }
}

TEST_F(PartViewTest, WhatIsNotThereIsNamed) {
  make_dump();
  Manifest m = commit();
  std::string message;
  for (const char* path : {"shop/app/three", "shop/app/three.sql", "shop/ap", "sho", "shop/app/one.sql/x", "dump.sql/x", "shop/app/.links",
                           "shop/app/.links/two_one", "..", "shop/../shop"}) {
    EXPECT_EQ(code_of_cat(m, std::string("db/") + path, &message), ErrorCode::kNotFound) << path;
    EXPECT_EQ(message, std::string("db/") + path + ": is not in the snapshot (see what is in it with: cairn ls)");
    EXPECT_EQ(code_thrown_by([&] { BackupNotes notes; require_path(repository(), m, std::string("db/") + path, notes); }),
              ErrorCode::kNotFound);
    EXPECT_EQ(code_thrown_by([&] { bring_back(m, std::string("db/") + path); }), ErrorCode::kNotFound);
    EXPECT_FALSE(fs::exists(dir_ / "out"));
  }
  EXPECT_EQ(code_of_cat(m, "db/zoo", &message), ErrorCode::kInvalidArgument);
  EXPECT_EQ(message, "db/zoo: is not a file (see what is in it with: cairn ls)");
  BackupNotes notes;
  for (const char* path : {"", "db", "db/zoo", "db/shop/app/one", "note"}) EXPECT_NO_THROW(require_path(repository(), m, path, notes));
}

// A cluster may have a database called "dump": the original keeps its name.
TEST_F(PartViewTest, TheOriginalHidesAPartOfItsName) {
  add("the dump");
  part("dump.sql", "database", "hidden", {});
  part("dump/public/a.sql", "table", "a", {});
  Manifest m = commit();
  EXPECT_EQ(listed(m, "db", true), "db/dump.sql\ndb/dump/\ndb/dump/public/\ndb/dump/public/a.sql table\n");
  EXPECT_EQ(content_of(m, "db/dump.sql"), "the dump");
}

TEST_F(PartViewTest, ThousandsOfPartsAreListedOnceAndSkippedQuickly) {
  add("x");
  for (int i = 0; i < 20000; ++i) part("big/public/" + std::to_string(100000 + i) + ".sql", "table", "some preamble of a table\n", {{0, 1}});
  part("small/public/a.sql", "table", "", {});
  Manifest m = commit();
  EXPECT_EQ(listed(m, "db"), "db/dump.sql\ndb/big/\ndb/small/\n");
  std::string all = listed(m, "db", true);
  EXPECT_EQ(std::ranges::count(all, '\n'), 20006);
  reopen();
  repository().index();
  faults_.clear();
  EXPECT_EQ(listed(m, "db/small"), "db/small/public/\n");
  EXPECT_LE(faults_.count_of(Operation::kRead), 20u);
}

TEST_F(PartViewTest, WithoutPartsAStreamIsAFile) {
  make_dump();
  catalogue_ = false;
  Manifest m = commit();
  EXPECT_EQ(listed(m, ""), "db\nnote\n");
  EXPECT_EQ(content_of(m, "db"), stream_);
}

TEST_F(PartViewTest, UnknownTransformsAreRefused) {
  make_dump();
  component_.transform = "rot13";
  Manifest m = commit();
  EXPECT_EQ(code_of_cat(m, "db"), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of_cat(m, "db/shop/app/one.sql"), ErrorCode::kUnsupported);
  EXPECT_EQ(code_thrown_by([&] { bring_back(m); }), ErrorCode::kUnsupported);
  EXPECT_EQ(listed(m, ""), "db\nnote\n");
  EXPECT_EQ(content_of(m, "note"), "hello");
}

TEST_F(PartViewTest, ADamagedCatalogueLeavesTheOriginal) {
  make_dump();
  part("zzz.sql", "table", "", {{stream_.size() - 1, 2}});   // reaches beyond the stream
  Manifest m = commit();
  EXPECT_EQ(code_of_cat(m, "db/globals.sql"), ErrorCode::kCorrupt);
  EXPECT_EQ(content_of(m, "db"), stream_);
  EXPECT_EQ(content_of(m, "db/dump.sql"), stream_);
  EXPECT_EQ(bring_back(m).failed, 0u);
  EXPECT_NE(hurt().find("beyond the end of its stream"), std::string::npos);
}

TEST_F(PartViewTest, AnOriginalWithAnImpossibleNameHasAnother) {
  make_dump();
  for (const char* name : {"../../etc/passwd", "..", "", "/"}) {
    component_.properties["original"] = name;
    Manifest m = commit();
    EXPECT_EQ(content_of(m, "db/dump.sql"), stream_);
    EXPECT_EQ(bring_back(m).failed, 0u);
    EXPECT_TRUE(fs::exists(out("db/dump.sql")));
    fs::remove_all(dir_ / "out");
  }
  component_.properties["original"] = "my.dump";
  EXPECT_EQ(content_of(commit(), "db/my.dump"), stream_);
}

}  // namespace
}  // namespace cairn
