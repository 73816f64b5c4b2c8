// What the tests of the restore sink share: a target, something outside of it that must never change, and short words.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "ingest/tree/sink.h"
#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {

namespace fs = std::filesystem;

inline constexpr int64_t kTime = 1'600'000'000'123'456'789;  // ns

class SinkNotes : public Monitor {
 public:
  void error(const std::string&, const std::string&) override {}
  void warning(const std::string& message) override { warnings_.push_back(message); }
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override {}
  std::vector<std::string> warnings_;
};

inline std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

inline struct ::stat status_of(const std::string& path) {
  struct ::stat now{};
  EXPECT_EQ(::lstat(path.c_str(), &now), 0) << path;
  return now;
}

inline Entry entry_of(EntryType type, uint64_t size_bytes = 0) {
  Entry entry;
  entry.name = "name";
  entry.type = type;
  entry.mode = type == EntryType::kDirectory ? 0755 : 0640;
  entry.uid = ::geteuid();
  entry.gid = ::getegid();
  entry.mtime_ns = kTime;
  entry.size_bytes = size_bytes;
  return entry;
}
inline Entry link_to(const std::string& target) {
  Entry entry = entry_of(EntryType::kSymlink);
  entry.target = target;
  return entry;
}

// The parameter: without openat2.
class SinkTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    fs::create_directories(dir_ / "outside/b");
    write(dir_ / "outside/victim", "victim");
    write(dir_ / "outside/b/leaf", "victim");
    fs::create_directory(dir_ / "target");
    before_ = outside();
  }
  void TearDown() override {
    EXPECT_EQ(outside(), before_) << "something outside of the target was touched";
    EXPECT_EQ(temporaries(), 0) << "temporary names are left";
  }
  TreeSink sink(Overwrite overwrite = Overwrite::kAlways) {
    return TreeSink(dir_ / "target", overwrite, options_, notes_, GetParam());
  }
  std::string in_target(const std::string& path) { return dir_ / ("target/" + path); }
  static void put(TreeSink& to, const std::string& path, const std::string& text) {
    Piece piece{0, view(text)};
    to.write_file(path, entry_of(EntryType::kFile, text.size()), {&piece, 1});
  }
  // Everything that is outside, with what would show a change.
  std::string outside() {
    std::string all;
    for (const auto& item : fs::recursive_directory_iterator(dir_ / "outside")) {
      struct ::stat now = status_of(item.path());
      all += item.path().string() + " " + std::to_string(now.st_mode) + " " + std::to_string(now.st_uid) +
             (S_ISREG(now.st_mode) ? " links " + std::to_string(now.st_nlink) : "") + " " +
             std::to_string(now.st_mtim.tv_sec) + "." + std::to_string(now.st_mtim.tv_nsec) + " " +
             (S_ISREG(now.st_mode) ? read(item.path()) : "") + "\n";
    }
    return all + std::to_string(status_of(dir_ / "outside").st_mode);
  }
  int temporaries() {
    int found = 0;
    for (const auto& item : fs::recursive_directory_iterator(dir_.path()))
      found += item.path().filename().string().starts_with(".cairn-") ? 1 : 0;
    return found;
  }
  static ErrorCode code_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& e) {
      return e.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::kInterrupted;
  }

  TempDir dir_;
  SinkNotes notes_;
  ApplyOptions options_;
  std::string before_;
};

}  // namespace cairn
