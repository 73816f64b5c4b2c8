// Restoring components with parts.
#include <fstream>

#include "tests/ingest/parts_fixture.h"

namespace cairn {
namespace {

class RestoreParts : public PartsTest {
 protected:
  std::string read(const std::string& name) {
    std::ifstream in(out(name), std::ios::binary);
    EXPECT_TRUE(in) << name;
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // All that was restored: paths, directories with '/'.
  std::string tree() {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(dir_ / "out"))
      names.push_back(fs::relative(entry.path(), dir_ / "out").string() + (entry.is_directory() ? "/" : ""));
    std::ranges::sort(names);
    std::string all;
    for (const std::string& name : names) all += name + "\n";
    return all;
  }
  RestoreResult restored(const Manifest& m, const std::string& path = "") {
    fs::remove_all(dir_ / "out");
    RestoreResult result = bring_back(m, path);
    EXPECT_EQ(result.failed, 0u) << notes_->all();
    return result;
  }
  static struct ::stat facts(const std::string& path) {
    struct ::stat now{};
    EXPECT_EQ(::lstat(path.c_str(), &now), 0) << path;
    return now;
  }
};

TEST_F(RestoreParts, AComponentComesAsADirectoryWithItsOriginal) {
  make_dump();
  Manifest m = commit();
  restore_.verify = true;
  for (const char* path : {"", "db"}) {
    RestoreResult result = restored(m, path);
    EXPECT_EQ(tree(), std::string("db/\ndb/dump.sql\n") + (*path ? "" : "note\n"));
    EXPECT_EQ(result.files, *path ? 1u : 2u);
    EXPECT_EQ(result.verified_files, result.files);
    EXPECT_EQ(result.directories, 1u);
    EXPECT_TRUE(read("db/dump.sql") == stream_);
    struct ::stat dump = facts(out("db/dump.sql")), directory = facts(out("db"));
    EXPECT_EQ(dump.st_mode & 07777U, 0740u);
    EXPECT_EQ(dump.st_mtim.tv_sec, kTime / 1'000'000'000);
    EXPECT_EQ(dump.st_mtim.tv_nsec, kTime % 1'000'000'000);
    EXPECT_EQ(directory.st_mode & 07777U, 0750u);
    EXPECT_EQ(directory.st_mtim.tv_sec, kTime / 1'000'000'000);
  }
  restored(m, "db/dump.sql");
  EXPECT_EQ(tree(), "dump.sql\n");
  EXPECT_TRUE(read("dump.sql") == stream_);
}

TEST_F(RestoreParts, PartsComeAsFilesOfTheirOwn) {
  make_dump(100'000);
  Manifest m = commit();
  restore_.verify = true;
  for (auto [path, name] : {std::pair{"db/shop", "shop.sql"}, {"db/shop.sql", "shop.sql"}, {"db/shop/app", "app.sql"},
                            {"db/shop/app/one", "one.sql"}, {"db/shop/app/one.copy", "one.copy"}, {"db/globals.sql", "globals.sql"},
                            {"db/shop.create.sql", "shop.create.sql"}}) {
    RestoreResult result = restored(m, path);
    EXPECT_EQ(tree(), std::string(name) + "\n");
    EXPECT_EQ(result.verified_files, 1u);
    EXPECT_TRUE(read(name) == content_of(m, path)) << path;
    EXPECT_EQ(result.bytes, read(name).size());
    EXPECT_EQ(facts(out(name)).st_mode & 07777U, 0640u);
    EXPECT_EQ(facts(out(name)).st_mtim.tv_sec, kTime / 1'000'000'000);
  }
}

TEST_F(RestoreParts, ADirectoryWithoutAFileOfItsOwnComesWithAllInIt) {
  make_dump();
  part("zoo/public/b.sql", "table", "b", {});
  part("zoo/public/.links/x", "link", "x", {});
  Manifest m = commit();
  restored(m, "db/zoo");
  EXPECT_EQ(tree(), "zoo/\nzoo/public/\nzoo/public/a.sql\nzoo/public/b.sql\n");
  EXPECT_EQ(without_restriction(read("zoo/public/b.sql")), "b");
  EXPECT_EQ(facts(out("zoo/public")).st_mtim.tv_sec, kTime / 1'000'000'000);
  restore_.exclude.add("b.*");
  restored(m, "db/zoo");
  EXPECT_EQ(tree(), "zoo/\nzoo/public/\nzoo/public/a.sql\n");
  restore_.include.add("/nowhere");
  restored(m, "db/zoo");
  EXPECT_EQ(tree(), "zoo/\n");
}

TEST_F(RestoreParts, WithDependenciesOneTextHasAllThatIsNeeded) {
  make_dump();
  Manifest m = commit();
  restore_.with_dependencies = restore_.verify = true;
  EXPECT_EQ(restored(m, "db/shop/app/two").verified_files, 1u);
  EXPECT_EQ(tree(), "two.sql\n");
  EXPECT_EQ(without_restriction(read("two.sql")),
            "SET a = 1;\nCREATE SCHEMA IF NOT EXISTS app;\nCREATE TYPE app.mood AS ENUM ('a');\nCREATE TABLE app.one (id int);\n"
            "CREATE TABLE app.two (id int, one int, mood app.mood);\nALTER TABLE app.one ADD PRIMARY KEY (id);\n"
            "ALTER TABLE app.two ADD FOREIGN KEY (one) REFERENCES app.one;\n");
  restored(m, "db/shop/app/one");   // the link needs both
  EXPECT_EQ(read("one.sql"), content_of(m, "db/shop/app/one.sql"));
  restored(m, "db");
  EXPECT_EQ(tree(), "db/\ndb/dump.sql\n");
}

TEST_F(RestoreParts, ADryRunWritesNothingAndTells) {
  make_dump();
  Manifest m = commit();
  restore_.dry_run = true;
  for (auto [path, item] : {std::pair{"db", "would restore db/dump.sql"}, {"db/shop/app/one", "would restore one.sql"}}) {
    RestoreResult result = restored(m, path);
    EXPECT_EQ(result.files, 1u);
    EXPECT_TRUE(BackupNotes::any_has(notes_->items_, item));
    EXPECT_FALSE(fs::exists(dir_ / "out"));
  }
}

TEST_F(RestoreParts, WhatIsThereIsOverwrittenAsAsked) {
  make_dump();
  Manifest m = commit();
  restored(m, "db/shop/app/one");
  std::string good = read("one.sql");
  auto scribble = [&](const std::string& text) { std::ofstream(out("one.sql"), std::ios::trunc) << text; };
  restore_.overwrite = Overwrite::kChanged;
  EXPECT_EQ(bring_back(m, "db/shop/app/one").skipped, 1u);
  scribble("mine");
  EXPECT_EQ(bring_back(m, "db/shop/app/one").files, 1u);
  EXPECT_EQ(read("one.sql"), good);
  restore_.overwrite = Overwrite::kNever;
  restore_.verify = true;
  scribble("mine");
  RestoreResult never = bring_back(m, "db/shop/app/one");
  EXPECT_EQ(never.skipped, 1u);
  EXPECT_EQ(never.failed + never.verified_files, 0u);
  EXPECT_EQ(read("one.sql"), "mine");
  fs::remove(out("one.sql"));
  fs::create_directories(out("one.sql/x"));
  restore_.overwrite = Overwrite::kAlways;
  EXPECT_EQ(bring_back(m, "db/shop/app/one").failed, 1u);
}

// A file of somebody's where the component's directory shall be: nothing beneath it, and no crash.
TEST_F(RestoreParts, ADirectoryThatCanNotBeMadeIsToldOnce) {
  make_dump();
  Manifest m = commit();
  fs::create_directories(dir_ / "out");
  std::ofstream(out("db")) << "mine";
  restore_.overwrite = Overwrite::kNever;
  RestoreResult result = bring_back(m, "db");
  EXPECT_EQ(result.failed, 1u);
  EXPECT_EQ(result.files, 0u);
  EXPECT_EQ(notes_->errors.load(), 1u);
}

TEST_F(RestoreParts, ChangesBetweenWritingAndVerifyingAreSeen) {
  make_dump(50'000);
  Manifest m = commit();
  restore_.verify = true;
  bool spoilt = false;
  fs::remove_all(dir_ / "out");
  notes_ = std::make_unique<BackupNotes>();
  notes_->on_check_ = [&](uint64_t) {
    if (spoilt || notes_->phase() != "verifying") return;
    spoilt = true;
    std::fstream file(out("one.copy"), std::ios::in | std::ios::out);
    file.seekp(-3, std::ios::end);
    file.put('#');
  };
  restore_.target = dir_ / "out";
  RestoreResult result = restore(repository(), m, "db/shop/app/one.copy", restore_, *notes_);
  EXPECT_TRUE(spoilt);
  EXPECT_EQ(result.failed, 1u);
  EXPECT_EQ(result.verified_files, 0u);
  EXPECT_TRUE(BackupNotes::any_has(notes_->errors_, "differs from the snapshot"));
}

// A chunk that is gone: the part that needs it fails and leaves no file, others don't.
TEST_F(RestoreParts, DamageHurtsThePartsInIt) {
  make_dump();
  stream_.resize(700);   // chunk 0 is whole
  while (stream_.size() < 2100) stream_ += static_cast<char>(stream_.size() * 31 % 251);
  parts_.clear();
  part("good.sql", "table", "x", {});
  part("bad.sql", "table", "x", {{600, 200}});
  Manifest m = commit();
  std::vector<std::string> names = data_packs();
  ASSERT_EQ(names.size(), 1u);
  reopen();
  ChunkId lost = repository().keys().chunk_id(view(stream_).subspan(700, 700));
  auto at = repository().index().find(lost);
  ASSERT_TRUE(at);
  PackInfo pack = repository().index().pack(at->pack);
  Bytes bytes = memory_.snapshot().at(pack_name(pack.id));
  bytes[pack.frames[at->frame].offset + 20] ^= 1;
  memory_.replace(pack_name(pack.id), bytes);
  restored(m, "note");
  restored(m, "db/good");
  fs::remove_all(dir_ / "out");
  EXPECT_EQ(bring_back(m, "db/bad").failed, 1u);
  EXPECT_EQ(tree(), "");
}

}  // namespace
}  // namespace cairn
