// Files that change under our hands, people who stop us, and packs that get lost: the next backup is right again.
#include <fcntl.h>

#include <thread>

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

class BackupTrouble : public BackupTest {
 protected:
  // Backs up, once for every moment at which `meddle` may happen (whenever interruption is asked for), and looks at each snapshot.
  // `prepare` makes the tree anew before each.  Every second run has one worker, so that moments are exact.
  void meddle_at_every_moment(const std::function<void()>& prepare, const std::function<void()>& meddle,
                              const std::function<void(const BackupResult&)>& judge) {
    options_.force = keep_open_ = true;
    for (uint64_t k = first_;; k += step_) {
      SCOPED_TRACE("at check " + std::to_string(k));
      fs::remove_all(dir_ / "src");
      fs::create_directory(dir_ / "src");
      prepare();
      bool done = false;
      on_check_ = [&](uint64_t number) {
        if (number != k) return;
        meddle();
        done = true;
      };
      options_.threads = 1 + k / step_ % 2;
      BackupResult result = back_up();
      judge(result);
      if (!done || HasFailure()) break;
      if (k % 5 != 2) continue;  // seldom: it costs more than the rest
      // Left alone, the next one is right.
      BackupResult next = back_up();
      EXPECT_FALSE(next.incomplete) << notes_->all();
      expect_restores(next.manifest, facts_of(dir_ / "src"));
    }
    EXPECT_EQ(damage(), "");
  }
  bool told(const std::string& part) { return BackupNotes::any_has(notes_->errors_, part); }

  uint64_t first_ = 1, step_ = 1;  // of the moments
  int seen_ = 0;                   // of what a test waits for, in all its runs
};

TEST_F(BackupTrouble, FilesMayVanishOrBecomeSomethingElseAtAnyMoment) {
  std::vector<std::function<void()>> what{
      [&] { fs::remove(src("b")); },
      [&] { fs::remove_all(src("d")); },
      [&] {
        fs::remove(src("b"));
        fs::create_directory(src("b"));
      },
      [&] {
        fs::remove(src("b"));
        fs::create_symlink("/etc/passwd", src("b"));
      },
      [&] {
        fs::remove(src("b"));
        ASSERT_EQ(::mkfifo(src("b").c_str(), 0600), 0);
      },
      [&] {
        fs::remove_all(src("d"));
        fs::create_symlink("/etc", src("d"));
      },
  };
  for (size_t i = 0; i < what.size(); ++i) {
    SCOPED_TRACE("way " + std::to_string(i));
    seen_ = 0;
    step_ = 3;
    first_ = 1 + i % 3;
    meddle_at_every_moment(
        [&] {
          for (const char* name : {"a", "b", "c", "d/inner", "e"}) write_file(src(name), std::string(1000, name[0]));
          write_file(src("b long"), noise_text(1'200'000, 1));
        },
        what[i],
        [&](const BackupResult& result) {
          auto entries = entries_of(result.manifest);
          bool whole = entries.contains("src/b") && entries.contains("src/d/inner");
          seen_ += result.incomplete;
          EXPECT_TRUE(result.incomplete == !notes_->errors_.empty());
          for (const char* name : {"src/a", "src/c", "src/e"})
            EXPECT_EQ(content_of(result.manifest, name), std::string(1000, name[4])) << notes_->all();
          if (whole && entries["src/b"].type == EntryType::kFile) {
            EXPECT_EQ(content_of(result.manifest, "src/b"), std::string(1000, 'b'));
          }
          EXPECT_EQ(content_of(result.manifest, "src/b long"), noise_text(1'200'000, 1));
        });
    EXPECT_GT(seen_, 0) << "no moment was between listing and reading";
  }
}

TEST_F(BackupTrouble, AFileThatGrowsShrinksOrChangesWhileItIsReadIsMarked) {
  const std::string before = noise_text(4'000'000, 1);
  std::vector<std::pair<std::string, std::function<void()>>> ways{
      {"grows", [&] { std::ofstream(src("long"), std::ios::app) << "more"; }},
      {"shrinks", [&] { fs::resize_file(src("long"), 1'500'000); }},
      {"is emptied", [&] { fs::resize_file(src("long"), 0); }},
      {"changes", [&] { std::ofstream(src("long"), std::ios::in | std::ios::binary).seekp(3'900'000) << "changed"; }},
  };
  for (const auto& [way, meddle] : ways) {
    SCOPED_TRACE(way);
    seen_ = 0;
    std::string after;
    meddle_at_every_moment([&] { write_file(src("long"), before); },
                           [&] {
                             meddle();
                             after = read_file(src("long"));
                           },
                           [&](const BackupResult& result) {
                             std::string saved = content_of(result.manifest, "src/long");
                             Entry entry = entries_of(result.manifest)["src/long"];
                             EXPECT_EQ(saved.size(), entry.size_bytes);
                             seen_ += entry.damaged_source;
                             if (entry.damaged_source) {
                               EXPECT_TRUE(result.incomplete);
                               EXPECT_TRUE(told("long: changed while it was read")) << notes_->all();
                               EXPECT_GE(saved.size(), std::min(after.size(), before.size())) << "a part of what was there is gone";
                             } else {
                               EXPECT_TRUE(saved == before || saved == after) << "a mixture passes for the file";
                             }
                           });
    EXPECT_GT(seen_, 0) << "no moment was in the middle of the file";
  }
}

TEST_F(BackupTrouble, ADamagedSourceIsReadAgainThoughItsTimesAreTheSame) {
  write_file(src("long"), noise_text(3'000'000, 1));
  on_check_ = [&](uint64_t number) {
    if (number == 6) std::ofstream(src("long"), std::ios::app) << "more";
  };
  BackupResult first = back_up();
  ASSERT_TRUE(entries_of(first.manifest)["src/long"].damaged_source) << notes_->all();
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  BackupResult second = back_up();
  EXPECT_EQ(second.manifest.stats.bytes_read, 3'000'004u);
  EXPECT_FALSE(second.incomplete);
  expect_restores(second.manifest, facts_of(dir_ / "src"));
  EXPECT_EQ(back_up().manifest.stats.bytes_read, 0u);
}

// Names of one file that were read at different times hold what was read: a restore that links them would change one of them.
// (Likewise where a file's number is given to another file while we walk.)
TEST_F(BackupTrouble, LinkedFilesThatChangeBetweenTheirNamesComeBackAsTheyWereRead) {
  restore_.verify = true;
  meddle_at_every_moment(
      [&] {
        write_file(src("a"), "before");
        write_file(src("b long"), noise_text(1'500'000, 1));  // what comes after it is listed late
        for (const char* name : {"c", "d"}) fs::create_hard_link(src("a"), src(name));
      },
      [&] { write_file(src("a"), "after!"); },  // of equal length
      [&](const BackupResult& result) {
        EXPECT_EQ(bring_back(result.manifest).failed, 0u) << notes_->all();
        std::map<std::string, uint64_t> names;
        for (const char* name : {"src/a", "src/c", "src/d"}) ++names[content_of(result.manifest, name)];
        seen_ += names.size() > 1;
        for (const char* name : {"src/a", "src/c", "src/d"}) {
          EXPECT_EQ(read_file(out(name)), content_of(result.manifest, name));
          EXPECT_EQ(fs::hard_link_count(out(name)), names[read_file(out(name))]);
        }
        fs::remove_all(dir_ / "out");
      });
  EXPECT_GT(seen_, 0);
}

TEST_F(BackupTrouble, InterruptedAtAnyMomentLeavesARepositoryThatWorks) {
  for (const char* name : {"a", "b", "d/c", "d/e/f"}) write_file(src(name), noise_text(30'000, static_cast<uint64_t>(name[0])));
  write_file(src("long"), noise_text(3'000'000, 7));
  BackupResult first = back_up();
  TreeFacts facts = facts_of(dir_ / "src");
  options_.force = true;
  for (uint64_t k = 1;; ++k) {
    SCOPED_TRACE("at check " + std::to_string(k));
    write_file(src("d/new"), noise_text(50'000, 100 + k));
    size_t before = snapshots().size();
    on_check_ = [&](uint64_t number) {
      if (number >= k) throw Error(ErrorCode::kInterrupted, "asked to stop");
    };
    bool interrupted = false;
    try {
      back_up();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kInterrupted);
      interrupted = true;
    }
    EXPECT_EQ(snapshots().size(), before + !interrupted);
    EXPECT_EQ(memory_.list("leases/").size(), 0u) << "a lease is left";
    if (!interrupted) break;
  }
  expect_restores(back_up().manifest, facts_of(dir_ / "src"));
  expect_restores(first.manifest, facts);
  EXPECT_EQ(damage(), "");
}

TEST_F(BackupTrouble, WhatAnInterruptedBackupUploadedIsUsedByTheNext) {
  for (int i = 0; i < 100; ++i) write_file(src("file " + std::to_string(i)), noise_text(100'000, static_cast<uint64_t>(i)));
  options_.threads = 1;
  on_check_ = [](uint64_t number) {  // of somewhat more than 200
    if (number >= 190) throw Error(ErrorCode::kInterrupted, "asked to stop");
  };
  EXPECT_EQ(code_thrown_by([&] { back_up(); }), ErrorCode::kInterrupted);
  uint64_t uploaded = 0;
  for (const StoredFile& file : memory_.list("packs/")) uploaded += file.size_bytes;
  EXPECT_GT(uploaded, 4'000'000u);
  EXPECT_EQ(snapshots().size(), 0u);
  BackupResult next = back_up();
  EXPECT_LE(next.manifest.stats.bytes_new, 10'100'000u - uploaded) << "packs are somewhat longer than what is in them";
  EXPECT_LT(next.manifest.stats.bytes_stored, 10'200'000u - uploaded);
  EXPECT_EQ(next.manifest.stats.bytes_read, 10'000'000u);
  expect_restores(next.manifest, facts_of(dir_ / "src"));
  EXPECT_EQ(damage(), "");
}

}  // namespace
}  // namespace cairn
