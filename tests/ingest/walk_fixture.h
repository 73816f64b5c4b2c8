// What the tests of the walk share: a directory of their own, and a walk through it as lines.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ingest/tree/walk.h"
#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {

class WalkNotes : public Monitor {
 public:
  void error(const std::string& path, const std::string& message) override { errors_.push_back(path + ": " + message); }
  void warning(const std::string& message) override { warnings_.push_back(message); }
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override {
    if (interrupted_) throw Error(ErrorCode::kInterrupted, "asked to stop");
  }
  std::vector<std::string> errors_, warnings_;
  bool interrupted_ = false;
};

using Lines = std::vector<std::string>;

// "+path" for kEnter, "-path" for kLeave, " path" for the rest; nothing for the root.
inline std::string line_of(const WalkStep& step) {
  const char kind = step.kind == WalkStep::Kind::kEnter ? '+' : step.kind == WalkStep::Kind::kLeave ? '-' : ' ';
  return kind + step.path;
}

class Walk : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& content = "x") {
    std::ofstream(dir_ / name, std::ios::binary) << content;
  }
  void mkdir(const std::string& name) { ASSERT_EQ(::mkdir((dir_ / name).c_str(), 0755), 0) << name; }
  std::string root() const { return dir_.path().string(); }

  // All lines of a walk but the root's own, and the entries by path.  `between` runs after every step.
  Lines walk(const std::function<void(const TreeWalker&, const WalkStep&)>& between = {}) {
    TreeWalker walker(root(), options_, notes_);
    WalkStep step;
    Lines out;
    while (walker.next(step)) {
      if (step.kind != WalkStep::Kind::kLeave) entries_[step.path] = step.entry;
      if (!step.path.empty()) out.push_back(line_of(step));
      if (between) between(walker, step);
    }
    EXPECT_FALSE(walker.next(step));
    excluded_ = walker.excluded();
    sockets_ = walker.sockets_skipped();
    return out;
  }

  TempDir dir_;
  WalkNotes notes_;
  WalkOptions options_;
  std::map<std::string, Entry> entries_;
  uint64_t excluded_ = 0, sockets_ = 0;
};

}  // namespace cairn
