// Which files a backup reads, and which it takes from the snapshot before.
#include "ingest/backup.h"

#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <set>
#include <thread>

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

// Until all that was written is old enough for its times to prove that it didn't change.
void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(2100)); }

// Names opened in one directory since they were last asked for, sorted, as the kernel saw it.
class Opened {
 public:
  explicit Opened(const std::string& directory) : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    EXPECT_GE(::inotify_add_watch(fd_.get(), directory.c_str(), IN_OPEN), 0);
  }
  std::set<std::string> names() {
    std::set<std::string> names;
    alignas(struct ::inotify_event) char buffer[64 << 10];
    for (ssize_t got; (got = ::read(fd_.get(), buffer, sizeof buffer)) > 0;)
      for (char* at = buffer; at < buffer + got;) {
        auto* event = reinterpret_cast<struct ::inotify_event*>(at);
        if (event->len > 0 && !(event->mask & IN_ISDIR)) names.insert(event->name);
        at += sizeof *event + event->len;
      }
    return names;
  }

 private:
  Fd fd_;
};

class Backup : public BackupTest {
 protected:
  std::string items() {
    std::ranges::sort(notes_->items_);
    std::string text;
    for (const std::string& item : notes_->items_) {
      size_t space = item.find(' ');
      text += item.substr(0, space) + " " + item.substr(std::min(item.size(), space + 2 + (dir_ / "src").size())) + "\n";
    }
    return text;
  }
};

TEST_F(Backup, OfAnUnchangedTreeReadsNoFileAndStoresNothingButTheSnapshot) {
  write_file(src("small"), "small");
  write_file(src("chunked"), noise_text(100'000, 1));
  write_file(src("long"), noise_text(3'000'000, 2));
  fs::create_symlink("small", src("link"));
  fs::create_hard_link(src("chunked"), src("other name"));
  settle();
  BackupResult first = back_up();
  TreeFacts before = facts_of(dir_ / "src");

  Opened opened(dir_ / "src");
  BackupResult second = back_up();
  EXPECT_EQ(opened.names(), std::set<std::string>());
  EXPECT_EQ(second.manifest.stats.bytes_read, 0u);
  EXPECT_EQ(second.manifest.stats.bytes_new, 0u);
  EXPECT_EQ(second.manifest.stats.files_unmodified, 5u);
  EXPECT_EQ(second.manifest.root, first.manifest.root);
  EXPECT_EQ(faults_.count_of(Operation::kCommit, "packs/"), 0u);
  EXPECT_EQ(faults_.count_of(Operation::kCommit, "index/"), 0u);
  EXPECT_EQ(faults_.count_of(Operation::kCommit, "snapshots/"), 1u);
  EXPECT_EQ(second.manifest.previous, first.manifest.id);
  EXPECT_EQ(second.manifest.sequence, 2u);
  expect_restores(second.manifest, before);

  options_.force = true;
  BackupResult forced = back_up();
  EXPECT_EQ(opened.names(), (std::set<std::string>{"chunked", "long", "other name", "small"}));
  EXPECT_EQ(forced.manifest.stats.bytes_read, 3'200'005u);
  EXPECT_EQ(forced.manifest.stats.bytes_new, 0u);
  EXPECT_EQ(forced.manifest.stats.files_unmodified, 5u);
  EXPECT_EQ(forced.manifest.root, first.manifest.root);
  EXPECT_EQ(faults_.count_of(Operation::kCommit, "packs/"), 0u);
}

TEST_F(Backup, NoticesEveryKindOfChangeAndNothingElse) {
  for (const char* name : {"unchanged", "size", "mtime", "ctime", "inode", "touched", "chmod", "renamed", "deleted", "becomes directory",
                           "becomes link"})
    write_file(src(name), std::string(name) + std::string(1000, '.'));
  write_file(src("becomes file/x"), "x");
  write_file(src("moved/deep/file"), "deep");
  settle();
  back_up();

  auto times = [&](const char* name) { return fs::last_write_time(src(name)); };
  auto overwrite = [&](const char* name) { write_file(src(name), noise_text(1000 + std::string(name).size(), static_cast<uint64_t>(name[0]))); };
  write_file(src("size"), "longer than it was" + std::string(1000, '.'));
  overwrite("mtime");
  auto ctime_before = times("ctime");
  overwrite("ctime");
  fs::last_write_time(src("ctime"), ctime_before);
  auto inode_before = times("inode");
  write_file(src("new inode"), noise_text(1005, 10));
  fs::last_write_time(src("new inode"), inode_before);
  fs::rename(src("new inode"), src("inode"));
  set_mtime_ns(src("touched"), 5);
  ASSERT_EQ(::chmod(src("chmod").c_str(), 0751), 0);
  fs::rename(src("renamed"), src("a new name"));
  fs::remove(src("deleted"));
  fs::remove(src("becomes directory"));
  write_file(src("becomes directory/inside"), "i");
  fs::remove_all(src("becomes file"));
  write_file(src("becomes file"), "f");
  fs::remove(src("becomes link"));
  fs::create_symlink("unchanged", src("becomes link"));
  fs::rename(src("moved"), src("went"));

  BackupResult second = back_up();
  EXPECT_EQ(items(),
            "changed becomes file\nchanged becomes link\nchanged chmod\nchanged ctime\nchanged inode\nchanged mtime\nchanged size\n"
            "changed touched\nnew a new name\nnew becomes directory/inside\nnew went/deep/file\nunmodified unchanged\n");
  EXPECT_EQ(second.manifest.stats.files_changed, 8u);
  EXPECT_EQ(second.manifest.stats.files_new, 3u);
  EXPECT_EQ(second.manifest.stats.files_unmodified, 1u);
  // Only content that wasn't there before is stored: not that of what was touched, renamed or given another mode.
  EXPECT_EQ(second.manifest.stats.bytes_new, 1018u + 1005u + 1005u + 1005u);
  expect_restores(second.manifest, facts_of(dir_ / "src"));
}

TEST_F(Backup, ReadsAFileAgainThatMayHaveChangedInTheSameTick) {
  write_file(src("file"), std::string(1000, 'a'));
  BackupResult first = back_up();
  EXPECT_TRUE(entries_of(first.manifest)["src/file"].racy);
  EXPECT_EQ(back_up().manifest.stats.bytes_read, 1000u) << "its times prove nothing: it was written just before it was read";
  settle();
  EXPECT_EQ(back_up().manifest.stats.bytes_read, 1000u);
  BackupResult last = back_up();
  EXPECT_EQ(last.manifest.stats.bytes_read, 0u);
  EXPECT_FALSE(entries_of(last.manifest)["src/file"].racy);
}

// Files are written between being listed and being read: then the times of the listing say nothing of what was read.
TEST_F(Backup, TrustsNoFileThatWasWrittenWhileTheBackupRan) {
  constexpr uint64_t kFiles = 60;
  auto name = [](uint64_t i) { return "f" + std::to_string(100 + i); };
  for (uint64_t i = 0; i < kFiles; ++i) write_file(src(name(i)), noise_text(600 + 40 * i, i));
  settle();
  options_.threads = 1;
  on_check_ = [&](uint64_t number) {
    if (number < kFiles || number >= 2 * kFiles) return;
    std::ofstream(src(name(number - kFiles)), std::ios::in | std::ios::binary) << "edited";
  };
  BackupResult result = back_up();
  uint64_t fresh = 0;
  for (const auto& [path, entry] : entries_of(result.manifest)) {
    if (entry.type != EntryType::kFile || entry.ctime_ns < result.manifest.time_ns - 1'000'000'000) continue;
    ++fresh;
    EXPECT_TRUE(entry.racy || entry.damaged_source) << path;
  }
  EXPECT_GT(fresh, 10u) << "nothing was written in between";
  back_up();
  expect_restores(back_up().manifest, facts_of(dir_ / "src"));
}

TEST_F(Backup, ComparesWithTheNewestSnapshotOfTheSameHostThatHasTheComponent) {
  write_file(src("file"), std::string(1000, 'a'));
  write_file(dir_ / "other/file", std::string(1000, 'b'));
  settle();
  options_.host = "here";
  back_up();
  back_up({tree_at("other", dir_ / "other")});
  EXPECT_EQ(back_up().manifest.stats.bytes_read, 0u) << "the snapshot between has no such component";
  options_.host = "elsewhere";
  BackupResult there = back_up();
  EXPECT_EQ(there.manifest.stats.bytes_read, 1000u);
  EXPECT_EQ(there.manifest.stats.files_new, 1u);
  EXPECT_EQ(there.manifest.host, "elsewhere");
}

TEST_F(Backup, ReadsAllWhenTheTreesOfTheSnapshotBeforeAreLost) {
  write_file(src("file"), std::string(1000, 'a'));
  write_file(src("d/inner"), std::string(2000, 'b'));
  settle();
  BackupResult first = back_up();
  auto data = data_packs();
  for (const std::string& name : packs())
    if (std::ranges::find(data, name) == data.end()) memory_.remove(name);
  BackupResult second = back_up();
  EXPECT_EQ(second.manifest.stats.bytes_read, 3000u);
  EXPECT_FALSE(second.incomplete) << notes_->all();
  EXPECT_EQ(second.manifest.root, first.manifest.root);
  expect_restores(first.manifest, facts_of(dir_ / "src"), "the old one heals too");
  EXPECT_EQ(hurt(), "");
}

TEST_F(Backup, CountsSocketsAndLeavesThemOut) {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  struct ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", src("socket").c_str());
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<struct ::sockaddr*>(&address), sizeof address), 0);
  write_file(src("file"), "f");
  BackupResult result = back_up();
  EXPECT_EQ(result.manifest.stats.sockets_skipped, 1u);
  EXPECT_FALSE(result.incomplete);
  EXPECT_FALSE(entries_of(result.manifest).contains("src/socket"));
}

TEST_F(Backup, LeavesOutWhatIsExcluded) {
  for (const char* name : {"keep", "a.o", "d/b.o", "d/keep", "cache/x", "big", "top/only", "d/top/stays"}) write_file(src(name), name);
  write_file(src("cache/CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55\n");
  fs::resize_file(src("big"), 100'000);
  for (const std::string& pattern : {std::string("*.o"), std::string("/top"), dir_ / "src/d/keep"}) options_.walk.filter.exclude.add(pattern);
  options_.walk.filter.exclude_caches = true;
  options_.walk.filter.exclude_larger_than_bytes = 50'000;
  bring_back(back_up().manifest);
  EXPECT_EQ(names_beneath(out("src")), "cache/ cache/CACHEDIR.TAG d/ d/top/ d/top/stays keep");
}

TEST_F(Backup, OfNothingButTellsWhatItWouldDoInADryRun) {
  write_file(src("old"), "old");
  write_file(src("edited"), "before");
  settle();
  back_up();
  write_file(src("edited"), "afterwards");
  write_file(src("d/new"), noise_text(5'000'000, 3));
  auto before = memory_.snapshot();
  options_.dry_run = true;
  BackupResult dry = back_up({tree(), shell("command", "touch " + (dir_ / "ran"))});
  EXPECT_TRUE(items().starts_with("changed edited\nnew d/new\nunmodified old\nwould ")) << items();
  EXPECT_EQ(faults_.count_of(Operation::kCreate) + faults_.count_of(Operation::kRemove), 0u);
  EXPECT_TRUE(memory_.snapshot() == before);
  EXPECT_TRUE(dry.manifest.id.is_zero());
  EXPECT_EQ(dry.manifest.stats.bytes_read, 5'000'010u);
  EXPECT_FALSE(fs::exists(dir_ / "ran")) << "the command was run";
}

TEST_F(Backup, OfNothingThatIsThereFailsInADryRunToo) {
  options_.dry_run = true;
  EXPECT_EQ(code_thrown_by([&] { back_up({tree_at("gone", dir_ / "gone")}); }), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace cairn
