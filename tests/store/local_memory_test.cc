#include "store/seen/local_memory.h"

#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

class LocalMemoryTest : public testing::Test {
 protected:
  void make(const std::string& name, std::chrono::minutes age) const {
    std::ofstream(folder_ / name) << "half of it";
    fs::last_write_time(folder_ / name, fs::file_time_type::clock::now() - age);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& file : fs::directory_iterator(fs::path(folder_ / ""))) out.push_back(file.path().filename());
    std::ranges::sort(out);
    return out;
  }
  TempDir folder_;
};

TEST_F(LocalMemoryTest, IsReplacedWhole) {
  const std::string path = folder_ / "below/seen";
  EXPECT_EQ(read_memory(path, 100), std::nullopt);
  for (size_t size : {10, 0, 100}) {
    write_memory(path, noise(size, size));
    EXPECT_EQ(read_memory(path, 100), noise(size, size));
  }
  EXPECT_EQ(read_memory(path, 99), std::nullopt);
  fs::create_directory(folder_ / "taken");
  EXPECT_EQ(code_of([&] { write_memory(folder_ / "taken", noise(10, 1)); }), ErrorCode::kIo);
  EXPECT_EQ(names(), (std::vector<std::string>{"below", "taken"}));
}

TEST_F(LocalMemoryTest, WhatKilledWritersLeftIsRemovedAfterAnHour) {
  const std::vector<std::string> others = {"seen.0123456789abcde", "seen.0123456789abcdeg", "seen.old", "seen2.0123456789abcdef"};
  for (const std::string& name : others) make(name, std::chrono::minutes(200));
  make("seen.0123456789abcdef", std::chrono::minutes(61));
  make("seen.ffffffffffffffff", std::chrono::minutes(30));   // of one who is writing
  write_memory(folder_ / "seen", noise(10, 1));
  std::vector<std::string> expected = others;
  expected.insert(expected.end(), {"seen", "seen.ffffffffffffffff"});
  std::ranges::sort(expected);
  EXPECT_EQ(names(), expected);
}

}  // namespace
}  // namespace cairn
