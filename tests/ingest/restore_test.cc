// Bringing back: what was asked for, where it belongs, and nothing half.
#include "ingest/restore.h"

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

class Restore : public BackupTest {
 protected:
  std::string names() { return names_beneath(dir_ / "out"); }
  void clear() { fs::remove_all(dir_ / "out"); }
  // Flips a byte in the middle of every frame's neighbourhood: of one pack in the middle, of all its data when `everywhere`.
  void damage_pack(const std::string& name, size_t at) {
    Bytes bytes = memory_.snapshot()[name];
    bytes[at] ^= 1;
    memory_.replace(name, bytes);
  }
  int temporaries() {
    int found = 0;
    for (const auto& item : fs::recursive_directory_iterator(dir_ / "out")) found += item.path().filename().string().starts_with(".cairn");
    return found;
  }
};

TEST_F(Restore, TakesAllOrAComponentOrADirectoryOrAFile) {
  write_file(src("d/e/file"), "file");
  write_file(src("d/other"), "other");
  set_mtime_ns(src("d/e"), 1'000'000'001);
  Manifest m = back_up({tree(), shell("stream", "echo hello")}).manifest;
  bring_back(m);
  EXPECT_EQ(names(), "src/ src/d/ src/d/e/ src/d/e/file src/d/other stream");
  EXPECT_EQ(read_file(out("stream")), "hello\n");
  clear();
  bring_back(m, "stream");
  EXPECT_EQ(names(), "stream");
  clear();
  RestoreResult result = bring_back(m, "src/d/");
  EXPECT_EQ(names(), "d/ d/e/ d/e/file d/other");
  EXPECT_EQ(result.files, 2u);
  EXPECT_EQ(result.directories, 2u);
  EXPECT_EQ(result.bytes, 9u);
  EXPECT_EQ(facts_of(out("d"))["e"], facts_of(src("d"))["e"]);
  clear();
  bring_back(m, "src/d/e/file");
  EXPECT_EQ(names(), "file");
  EXPECT_EQ(facts_of(out("file")), facts_of(src("d/e/file")));
  clear();
  EXPECT_EQ(code_thrown_by([&] { bring_back(m, "src/d/nothing"); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_thrown_by([&] { bring_back(m, "src/d/other/x"); }), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(fs::exists(dir_ / "out")) << "something was made for a path that doesn't exist";
}

TEST_F(Restore, LimitsItselfToWhatIsIncludedAndNotExcluded) {
  for (const char* name : {"a.txt", "b.log", "d/a.txt", "d/b.log", "d/secret/a.txt", "e/b.log"}) write_file(src(name), name);
  fs::create_symlink("a.txt", src("link.txt"));
  Manifest m = back_up().manifest;
  restore_.include.add("*.txt");
  restore_.exclude.add("/d/secret");
  bring_back(m);
  EXPECT_EQ(names(), "src/ src/a.txt src/d/ src/d/a.txt src/e/ src/link.txt");
  clear();
  bring_back(m, "src/d");
  EXPECT_EQ(names(), "d/ d/a.txt d/secret/ d/secret/a.txt") << "patterns are relative to what is restored";
}

TEST_F(Restore, KeepsLinksBetweenTheNamesThatAreIncluded) {
  write_file(src("a/1"), noise_text(3000, 1));
  for (const char* name : {"b/2", "b/3", "c/4"}) {
    fs::create_directories(fs::path(src(name)).parent_path());
    fs::create_hard_link(src("a/1"), src(name));
  }
  Manifest m = back_up().manifest;
  restore_.exclude.add("/a");
  RestoreResult result = bring_back(m);
  EXPECT_EQ(names(), "src/ src/b/ src/b/2 src/b/3 src/c/ src/c/4");
  EXPECT_EQ(fs::hard_link_count(out("src/b/2")), 3u);
  EXPECT_EQ(read_file(out("src/c/4")), noise_text(3000, 1));
  EXPECT_EQ(result.files, 3u);
}

TEST_F(Restore, LinksANewNameToTheFileThatIsThereUnchanged) {
  write_file(src("a"), noise_text(3000, 1));
  fs::create_hard_link(src("a"), src("b"));
  Manifest m = back_up().manifest;
  bring_back(m);
  fs::remove(out("src/b"));
  restore_.overwrite = Overwrite::kChanged;
  EXPECT_EQ(bring_back(m).skipped, 1u);
  EXPECT_EQ(differences(facts_of(dir_ / "src"), facts_of(out("src"))), "");
}

TEST_F(Restore, OverwritesByTheRule) {
  for (const char* name : {"same", "changed", "missing"}) write_file(src(name), name);
  Manifest m = back_up().manifest;
  for (Overwrite rule : {Overwrite::kAlways, Overwrite::kChanged, Overwrite::kNever}) {
    restore_.overwrite = Overwrite::kAlways;
    bring_back(m);
    std::ofstream(out("src/same"), std::ios::in) << "SAME";  // of equal length; its time is put back
    fs::last_write_time(out("src/same"), fs::last_write_time(src("same")));
    write_file(out("src/changed"), "something else");
    write_file(out("src/extra"), "extra");
    fs::remove(out("src/missing"));
    restore_.overwrite = rule;
    RestoreResult result = bring_back(m);
    EXPECT_EQ(result.failed, 0u) << notes_->all();
    EXPECT_EQ(read_file(out("src/same")), rule == Overwrite::kAlways ? "same" : "SAME");
    EXPECT_EQ(read_file(out("src/changed")), rule == Overwrite::kNever ? "something else" : "changed");
    EXPECT_EQ(read_file(out("src/missing")), "missing");
    EXPECT_EQ(read_file(out("src/extra")), "extra") << "what isn't in the snapshot stays";
    EXPECT_EQ(result.skipped, rule == Overwrite::kAlways ? 0u : rule == Overwrite::kChanged ? 1u : 2u);
    EXPECT_EQ(result.files, 3u - result.skipped);
    clear();
  }
}

TEST_F(Restore, TellsOnceOfADirectoryThatCannotBeMade) {
  write_file(src("d/file"), "file");
  fs::create_symlink("x", src("d/link"));
  write_file(src("e"), "e");
  Manifest m = back_up().manifest;
  write_file(out("src/d"), "in the way");
  restore_.overwrite = Overwrite::kNever;
  restore_.verify = true;
  RestoreResult result = bring_back(m);
  EXPECT_EQ(result.failed, 1u);
  EXPECT_EQ(notes_->errors_.size(), 1u) << notes_->all();
  EXPECT_EQ(names(), "src/ src/d src/e");
}

TEST_F(Restore, DoesntComplainInVerifyingOfWhatItWasToldToLeave) {
  for (const char* name : {"kept", "restored"}) write_file(src(name), name);
  Manifest m = back_up().manifest;
  write_file(out("src/kept"), "somebody's own");
  restore_.overwrite = Overwrite::kNever;
  restore_.verify = true;
  RestoreResult result = bring_back(m);
  EXPECT_EQ(result.failed, 0u) << notes_->all();
  EXPECT_EQ(result.skipped, 1u);
  EXPECT_EQ(result.verified_files, 1u);
}

TEST_F(Restore, WritesNothingInADryRun) {
  write_file(src("file"), "file");
  fs::create_symlink("x", src("link"));
  Manifest m = back_up().manifest;
  restore_.dry_run = true;
  RestoreResult result = bring_back(m);
  EXPECT_EQ(result.files, 1u);
  EXPECT_EQ(result.others, 1u);
  EXPECT_TRUE(BackupNotes::any_has(notes_->items_, "would restore src/file"));
  EXPECT_TRUE(BackupNotes::any_has(notes_->items_, "would restore src/link"));
  EXPECT_FALSE(fs::exists(dir_ / "out"));
}

TEST_F(Restore, VerifiesWhatIsOnDiskAfterwards) {
  write_file(src("inline"), "tiny");
  write_file(src("chunks"), noise_text(200'000, 1));
  write_file(src("zeros"), std::string(100'000, '\0'));
  write_file(src("list"), noise_text(3'000'000, 2));
  Manifest m = back_up().manifest;
  restore_.verify = true;
  EXPECT_EQ(bring_back(m).verified_files, 4u);
  for (const char* name : {"inline", "chunks", "zeros", "list"}) {
    // Somebody changes it between writing and verifying: when the phase is named, everything is written.
    bool done = false;
    on_check_ = [&, name](uint64_t) {
      if (done || notes_->phase() != "verifying") return;
      done = true;
      std::fstream file(out("src/") + name);
      file.seekp(3);
      file.put('X');
    };
    RestoreResult result = bring_back(m);
    EXPECT_TRUE(done);
    EXPECT_EQ(result.failed, 1u) << name;
    EXPECT_EQ(result.verified_files, 3u) << name;
    EXPECT_TRUE(BackupNotes::any_has(notes_->errors_, std::string("src/") + name + ": verify: ")) << notes_->all();
  }
}

TEST_F(Restore, GivesOwnersByNameUnlessNumbersAreAskedFor) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  write_file(src("file"), "file");
  ASSERT_EQ(::lchown(src("file").c_str(), 1, 4711), 0);
  Manifest m = back_up().manifest;
  ASSERT_EQ(m.users[1], "daemon") << "on this machine";
  EXPECT_FALSE(m.groups.contains(4711)) << "a number without a name";
  m.users[1] = "nobody";  // as if the snapshot came from a machine where 1 is what 65534 is here
  bring_back(m);
  EXPECT_TRUE(facts_of(out("src"))["file"].find("owner 65534:4711") != std::string::npos);
  restore_.numeric_owner = true;
  bring_back(m);
  EXPECT_TRUE(facts_of(out("src"))["file"].find("owner 1:4711") != std::string::npos);
  restore_.numeric_owner = false;
  m.users[1] = "no such user here";
  bring_back(m);
  EXPECT_TRUE(facts_of(out("src"))["file"].find("owner 1:4711") != std::string::npos);
}

TEST_F(Restore, StopsWhenInterruptedAndLeavesNoTemporaryFiles) {
  for (int i = 0; i < 30; ++i) write_file(src("file" + std::to_string(i)), noise_text(100'000, static_cast<uint64_t>(i)));
  write_file(src("long"), noise_text(5'000'000, 99));
  Manifest m = back_up().manifest;
  keep_open_ = true;
  for (uint64_t k = 1;; k += 3) {
    on_check_ = [&](uint64_t number) {
      if (number >= k) throw Error(ErrorCode::kInterrupted, "asked to stop");
    };
    bool interrupted = false;
    try {
      bring_back(m);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kInterrupted);
      interrupted = true;
    }
    if (!interrupted) break;
    if (!fs::exists(dir_ / "out")) continue;
    EXPECT_EQ(temporaries(), 0);
    for (const auto& item : fs::directory_iterator(dir_ / "out/src"))
      EXPECT_EQ(read_file(item.path()), read_file(src(item.path().filename()))) << item.path() << " is half a file";
    clear();
  }
  EXPECT_EQ(differences(facts_of(dir_ / "src"), facts_of(out("src"))), "");
}

}  // namespace
}  // namespace cairn
