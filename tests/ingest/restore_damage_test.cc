// Restores, listings and cat of large things and of damaged repositories: what is right comes back whole, the rest is named.
#include "ingest/restore.h"

#include <algorithm>
#include <map>

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

class RestoreDamaged : public BackupTest {
 protected:
  void flip(const std::string& name, size_t at) {
    Bytes bytes = memory_.snapshot()[name];
    bytes[at] ^= 1;
    memory_.replace(name, bytes);
  }
  // After harm to data: every file is there and right, or not there and named; nothing else is in the target.
  void expect_right_or_named(const Manifest& m) {
    RestoreResult result = bring_back(m);
    TreeFacts expected = facts_of(dir_ / "src"), actual = facts_of(out("src"));
    size_t lost = 0;
    for (const auto& [path, fact] : expected) {
      if (auto found = actual.find(path); found != actual.end()) {
        EXPECT_EQ(found->second, fact) << path;
        continue;
      }
      ++lost;
      EXPECT_TRUE(BackupNotes::any_has(notes_->errors_, "src/" + path + ": ")) << path << " is missing and not named";
      std::string some;
      EXPECT_NE(code_thrown_by([&] { some = content_of(m, "src/" + path); }), ErrorCode::kInterrupted);
    }
    for (const auto& [path, fact] : actual) EXPECT_TRUE(expected.contains(path)) << path << " is left in the target";
    EXPECT_EQ(result.failed, lost);
    EXPECT_EQ(notes_->errors_.size(), lost) << notes_->all();
    EXPECT_EQ(result.files, m.file_count() - lost);
    EXPECT_GT(lost, 0u);
    EXPECT_LT(lost, m.file_count()) << "one flipped byte costs everything";
    fs::remove_all(dir_ / "out");
  }
};

TEST_F(RestoreDamaged, LosesOnlyTheFilesWhoseBytesAreDamaged) {
  set_sizes(1 << 10, 2 << 10, 4 << 10);
  for (int i = 0; i < 40; ++i) write_file(src("d" + std::to_string(i % 3) + "/" + std::to_string(i)), noise_text(100'000, static_cast<uint64_t>(i)));
  write_file(src("long"), noise_text(1'500'000, 99));
  write_file(src("tiny"), "inline");
  Manifest m = back_up().manifest;
  const auto before = memory_.snapshot();
  for (const std::string& pack : data_packs()) {
    for (size_t part = 1; part < 5; ++part) {
      SCOPED_TRACE("flipped in the " + std::to_string(part) + ". fifth");
      restore_.verify = part % 2;  // tells nothing twice
      flip(pack, before.at(pack).size() / 5 * part);
      expect_right_or_named(m);
      memory_.replace(pack, before.at(pack));
    }
    SCOPED_TRACE("pack removed");
    if (data_packs().size() > 1) {
      memory_.remove(pack);
      expect_right_or_named(m);
      memory_.replace(pack, before.at(pack));
    }
  }
  expect_restores(m, facts_of(dir_ / "src"));
}

TEST_F(RestoreDamaged, LosesNamedDirectoriesWhenATreePackIsGone) {
  write_file(src("file"), noise_text(5000, 1));
  Manifest m = back_up().manifest;
  auto data = data_packs();
  for (const std::string& name : packs())
    if (std::ranges::find(data, name) == data.end()) memory_.remove(name);
  std::string message;
  ErrorCode code = code_thrown_by([&] { bring_back(m); }, &message);
  EXPECT_TRUE(code == ErrorCode::kNotFound || code == ErrorCode::kCorrupt) << message;
  EXPECT_FALSE(fs::exists(out("src/file")));
}

// More chunks than a window of a restore holds, in one file, between others; with small chunks this is cheap.
class RestoreLong : public RestoreDamaged {
 protected:
  RestoreLong() { set_sizes(1 << 10, 2 << 10, 4 << 10); }
  void SetUp() override {
    write_file(src("a"), noise_text(50'000, 1));
    write_file(src("long"), noise_text(340'000'000, 2));
    write_file(src("z"), noise_text(50'000, 3));
    manifest_ = back_up().manifest;
    ASSERT_GT(entries_of(manifest_)["src/long"].size_bytes / (2 << 10), 128u << 10) << "one window is enough for it";
  }
  Manifest manifest_;
};

TEST_F(RestoreLong, SpansWindowsAndIsWholeOrNotThere) {
  restore_.verify = true;
  restore_.threads = 3;
  expect_restores(manifest_, facts_of(dir_ / "src"), "a file of several windows");
  restore_.verify = false;
  // Damage in one window only: the file is not there, nor a half of it; its neighbours are.
  const std::map<std::string, Bytes> files = memory_.snapshot();
  flip(std::ranges::max(data_packs(), {}, [&](const std::string& name) { return files.at(name).size(); }), 20'000'000);   // the last one is short
  RestoreResult result = bring_back(manifest_);
  EXPECT_EQ(result.failed, 1u) << notes_->all();
  EXPECT_EQ(notes_->errors_.size(), 1u) << notes_->all();
  EXPECT_TRUE(BackupNotes::any_has(notes_->errors_, "src/long: ")) << notes_->all();
  EXPECT_EQ(names_beneath(out("src")), "a z");
  EXPECT_EQ(read_file(out("src/z")), noise_text(50'000, 3));
}

class Cat : public RestoreDamaged {};

TEST_F(Cat, WritesInlineChunkedAndLongContentWithHolesInOrder) {
  write_file(src("inline"), "tiny");
  write_file(src("empty"), "");
  write_file(src("chunks"), noise_text(300'000, 1));
  write_file(src("holes"), noise_text(3'000'000, 2));
  fs::resize_file(src("holes"), 30'000'000);
  std::ofstream(src("holes"), std::ios::in).seekp(20'000'000) << "in the middle";
  Manifest m = back_up({tree(), shell("stream", "head -c 9000000 /dev/zero; seq 1 500000")}).manifest;
  for (const char* name : {"inline", "empty", "chunks", "holes"})
    EXPECT_TRUE(content_of(m, std::string("src/") + name) == read_file(src(name))) << name;
  std::string stream = content_of(m, "stream");
  EXPECT_TRUE(stream.starts_with(std::string(9'000'000, '\0') + "1\n2\n"));
  EXPECT_TRUE(stream.ends_with("499999\n500000\n"));
  EXPECT_EQ(code_thrown_by([&] { content_of(m, "src"); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_thrown_by([&] { content_of(m, ""); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_thrown_by([&] { content_of(m, "src/gone"); }), ErrorCode::kNotFound);
}

TEST_F(Cat, EndsAtADamagedChunkAfterTheRightBytesBeforeIt) {
  write_file(src("long"), noise_text(20'000'000, 1));
  Manifest m = back_up().manifest;
  for (const std::string& pack : data_packs()) flip(pack, memory_.snapshot()[pack].size() / 2);
  std::string got;
  BackupNotes notes;
  reopen();
  EXPECT_EQ(code_thrown_by([&] { cat(repository(), m, "src/long", [&](ByteView run) { got += text(run); }, notes); }), ErrorCode::kCorrupt);
  EXPECT_LT(got.size(), 20'000'000u);
  EXPECT_TRUE(noise_text(20'000'000, 1).starts_with(got));
}

class List : public RestoreDamaged {
 protected:
  std::string listed(const Manifest& m, const std::string& path, bool recursive) {
    std::string text;
    list(repository(), m, path, recursive, [&](const std::string& at, const Entry&) { text += at + " "; }, notes);
    return text;
  }
  BackupNotes notes;
};

TEST_F(List, GivesADirectoryOrAllBeneathItInOrder) {
  for (const char* name : {"b/2", "b/1", "a", "b.x", "c/d/e"}) write_file(src(name), name);
  Manifest m = back_up({tree(), tree_at("again", dir_ / "src/b")}).manifest;
  EXPECT_EQ(listed(m, "", false), "again src ");
  EXPECT_EQ(listed(m, "", true), "again again/1 again/2 src src/a src/b src/b/1 src/b/2 src/b.x src/c src/c/d src/c/d/e ");
  EXPECT_EQ(listed(m, "src/", false), "src/a src/b src/b.x src/c ");
  EXPECT_EQ(listed(m, "src/c/", true), "src/c/d src/c/d/e ");
  EXPECT_EQ(listed(m, "src/b/1", true), "src/b/1 ");
  EXPECT_EQ(code_thrown_by([&] { listed(m, "src/x", false); }), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace cairn
