// What the tests of backup and restore share: a repository in memory whose every operation is counted, trees made in a line and
// compared with all their metadata, and a monitor that remembers.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ingest/backup.h"
#include "ingest/restore.h"
#include "store/backend/memory.h"
#include "store/check/check.h"
#include "tests/ingest/tree_facts.h"
#include "tests/store/fault_backend.h"
#include "tests/store/temp_dir.h"

namespace cairn {

// Thread-safe.
class BackupNotes : public Monitor {
 public:
  void error(const std::string& path, const std::string& message) override {
    ++errors;
    std::lock_guard lock(mu_);
    errors_.push_back(path + ": " + message);
  }
  void warning(const std::string& message) override {
    std::lock_guard lock(mu_);
    warnings_.push_back(message);
  }
  void item(const std::string& action, const std::string& path, uint64_t) override {
    std::lock_guard lock(mu_);
    items_.push_back(action + " " + path);
  }
  void check_interrupted() override {
    uint64_t number = ++checks_;
    if (on_check_) on_check_(number);
  }

  // Everything that was told, for messages of failed tests.
  std::string all() const {
    std::lock_guard lock(mu_);
    std::string out;
    for (const auto* lines : {&errors_, &warnings_})
      for (const std::string& line : *lines) out += line + "\n";
    return out;
  }
  static bool any_has(const std::vector<std::string>& lines, const std::string& part) {
    for (const std::string& line : lines)
      if (line.find(part) != std::string::npos) return true;
    return false;
  }

  std::function<void(uint64_t number)> on_check_;  // called from any thread; its k-th call has number k
  std::atomic<uint64_t> checks_{0};
  mutable std::mutex mu_;
  std::vector<std::string> errors_, warnings_, items_;  // guarded by mu_ while an operation runs
};

inline ErrorCode code_thrown_by(const std::function<void()>& work, std::string* message = nullptr) {
  try {
    work();
  } catch (const Error& e) {
    if (message) *message = e.what();
    return e.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::kUnsupported;
}

class BackupTest : public testing::Test {
 protected:
  static constexpr const char* kPassword = "password";

  BackupTest() { fs::create_directory(dir_ / "src"); }

  // Averages of the chunk sizes; before the first use of the repository.
  void set_sizes(uint32_t fine, uint32_t normal, uint32_t coarse) { sizes_ = {fine, normal, coarse}; }
  Repository& repository() {
    if (!repository_) {
      if (memory_.list("").empty()) {
        InitOptions init;
        init.kdf.operations = 1;
        init.kdf.memory_kib = 8 << 10;
        init.sizes = sizes_;
        Repository::init(memory_, kPassword, init);
      }
      repository_ = std::make_unique<Repository>(faults_, kPassword, cache_.path().string());
    }
    return *repository_;
  }
  // As another process would: nothing is remembered but what is stored.
  void reopen() { repository_.reset(); }

  std::string src(const std::string& name) const { return dir_ / ("src/" + name); }
  std::string out(const std::string& name) const { return dir_ / ("out/" + name); }
  SourceSpec tree(const std::string& name = "src") const { return tree_at(name, dir_ / "src"); }
  static SourceSpec tree_at(const std::string& name, const std::string& path) {
    SourceSpec spec;
    spec.name = name;
    spec.path = spec.description = path;
    return spec;
  }
  static SourceSpec shell(const std::string& name, const std::string& script) {
    SourceSpec spec;
    spec.kind = SourceSpec::Kind::kShell;
    spec.name = name;
    spec.script = script;
    spec.description = "exec:" + script;
    return spec;
  }

  // A process of its own, unless keep_open_: opens the repository and backs up.
  BackupResult back_up(const std::vector<SourceSpec>& sources) {
    if (!keep_open_) reopen();
    notes_ = std::make_unique<BackupNotes>();
    notes_->on_check_ = std::exchange(on_check_, {});
    Repository& to = repository();
    faults_.clear();
    return backup(to, sources, options_, *notes_);
  }
  BackupResult back_up() { return back_up({tree()}); }

  RestoreResult bring_back(const Manifest& snapshot, const std::string& path = "") {
    if (!keep_open_) reopen();
    notes_ = std::make_unique<BackupNotes>();
    notes_->on_check_ = std::exchange(on_check_, {});
    restore_.target = dir_ / "out";
    return restore(repository(), snapshot, path, restore_, *notes_);
  }
  // Restores all, compares it with `expected` (of the component src), and clears the target.
  void expect_restores(const Manifest& snapshot, const TreeFacts& expected, const std::string& what = "") {
    RestoreResult result = bring_back(snapshot);
    EXPECT_EQ(result.failed, 0u) << what << "\n" << notes_->all();
    EXPECT_EQ(differences(expected, facts_of(out("src"))), "") << what;
    fs::remove_all(dir_ / "out");
  }
  std::vector<Manifest> snapshots() {
    reopen();
    return repository().snapshots();
  }
  // What a check with all data has to complain about; hurt(): only what some snapshot suffers from.
  std::string damage() { return complaints(false); }
  std::string hurt() { return complaints(true); }
  std::string complaints(bool with_victims) {
    reopen();
    CheckOptions options;
    options.read_data_percent = 100;
    CheckProgress progress;
    CheckReport report = check(repository(), options, progress);
    std::string text;
    for (const Damage& one : report.damage)
      if (one.victim_count > 0 || !with_victims) text += one.file + ": " + one.what + "\n";
    return text;
  }
  std::string content_of(const Manifest& snapshot, const std::string& path) {
    std::string bytes;
    BackupNotes notes;
    cat(repository(), snapshot, path, [&](ByteView run) { bytes += text(run); }, notes);
    return bytes;
  }
  std::map<std::string, Entry> entries_of(const Manifest& snapshot) {
    std::map<std::string, Entry> entries;
    BackupNotes notes;
    EXPECT_EQ(list(repository(), snapshot, "", true, [&](const std::string& path, const Entry& e) { entries[path] = e; }, notes), 0u);
    return entries;
  }
  // Files whose directory says so, of a type: the larger packs hold data.
  std::vector<std::string> packs() const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : memory_.snapshot())
      if (name.starts_with("packs/")) names.push_back(name);
    return names;
  }
  std::vector<std::string> data_packs() {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : memory_.snapshot())
      if (name.starts_with("packs/") && bytes[10] == static_cast<uint8_t>(ObjectType::kDataPack)) names.push_back(name);
    return names;
  }

  // The local index is synced to disk often; most of these tests' time would go there.
  static fs::path quick_place() { return ::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path(); }

  TempDir dir_;
  TempDir cache_{quick_place()};
  MemoryBackend memory_;
  FaultBackend faults_{memory_};
  ChunkerSizes sizes_;
  std::unique_ptr<Repository> repository_;
  bool keep_open_ = false;                   // cheaper, where there are very many backups
  std::unique_ptr<BackupNotes> notes_;       // of the last backup or restore
  std::function<void(uint64_t)> on_check_;   // for the next one
  BackupOptions options_;
  RestoreOptions restore_;
};

}  // namespace cairn
