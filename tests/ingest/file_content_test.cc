#include "ingest/backup/file_content.h"

#include <gtest/gtest.h>

#include <thread>

#include "store/error.h"
#include "tests/ingest/tree_facts.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

class FileContentTest : public testing::Test {
 protected:
  FileContentTest() : directory_(::open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) { entry_.name = "name in the tree"; }
  FileContent open(const std::string& name) { return FileContent(directory_.get(), name, entry_); }
  ErrorCode code_of(const std::string& name) {
    try {
      open(name);
    } catch (const Error& e) {
      return e.code();
    }
    return ErrorCode::kInterrupted;
  }
  // Everything, holes as "<length>".
  static std::string all(FileContent& file) {
    std::string out(100'000, '\0'), text;
    for (;;) {
      if (uint64_t hole = file.skip_hole(); hole > 0) {
        text += "<" + std::to_string(hole) + ">";
        continue;
      }
      size_t got = file.read({reinterpret_cast<uint8_t*>(out.data()), out.size()});
      if (got == 0) return text;
      text += out.substr(0, got);
    }
  }

  TempDir dir_;
  Fd directory_;
  Entry entry_;
};

TEST_F(FileContentTest, GivesBytesAndMetadataOfTheOpenedFile) {
  write_file(dir_ / "file", "hello");
  set_mtime_ns(dir_ / "file", 42);
  FileContent file = open("file");
  EXPECT_EQ(entry_.name, "name in the tree");
  EXPECT_EQ(entry_.mtime_ns, 42);
  EXPECT_EQ(entry_.size_bytes, 5u);
  EXPECT_EQ(all(file), "hello");
  EXPECT_EQ(file.read_bytes(), 5u);
  EXPECT_FALSE(file.changed_meanwhile(entry_));
}

TEST_F(FileContentTest, PassesOverHoles) {
  std::string data = noise_text(65'536, 1);
  write_file(dir_ / "file", "");
  fs::resize_file(dir_ / "file", 10'000'001);
  std::fstream(dir_ / "file", std::ios::in | std::ios::out | std::ios::binary).seekp(1 << 20).write(data.data(), 65'536);
  FileContent file = open("file");
  EXPECT_TRUE(all(file) == "<1048576>" + data + "<8885889>");
  EXPECT_EQ(file.read_bytes(), 10'000'001u);
  EXPECT_FALSE(file.changed_meanwhile(entry_));
}

TEST_F(FileContentTest, NoticesGrowthShrinkingAndRewriting) {
  for (auto change : {+[](const std::string& path) { std::ofstream(path, std::ios::app) << "more"; },
                      +[](const std::string& path) { fs::resize_file(path, 2); },
                      +[](const std::string& path) { set_mtime_ns(path, 5); },
                      +[](const std::string& path) { ASSERT_EQ(::chmod(path.c_str(), 0611), 0); }}) {
    write_file(dir_ / "file", "hello");
    set_mtime_ns(dir_ / "file", 42);
    FileContent file = open("file");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // longer than a tick of the clock of files
    change(dir_ / "file");
    EXPECT_LE(all(file).size(), 5u) << "never more than was there when it was opened";
    EXPECT_TRUE(file.changed_meanwhile(entry_));
  }
}

TEST_F(FileContentTest, RefusesWhatIsNoRegularFileAnyMore) {
  fs::create_symlink("/etc/passwd", dir_ / "link");
  fs::create_directory(dir_ / "directory");
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(code_of("gone"), ErrorCode::kNotFound);
  for (const char* name : {"link", "directory", "fifo"}) EXPECT_EQ(code_of(name), ErrorCode::kIo) << name;
}

}  // namespace
}  // namespace cairn
