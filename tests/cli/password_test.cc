#include "cli/password.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "store/error.h"
#include "store/fd.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

class Silent : public Monitor {
  void error(const std::string&, const std::string&) override {}
  void warning(const std::string&) override {}
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override {}
};

class PasswordTest : public testing::Test {
 protected:
  PasswordTest() { ::unsetenv("CAIRN_PASSWORD"); }
  ~PasswordTest() override { ::unsetenv("CAIRN_PASSWORD"); }

  std::string read() {
    Silent monitor;
    return std::string(read_password(options_, Ask::kOnce, "somewhere", monitor).view());
  }
  std::string from_file(const std::string& content) {
    options_.password_file = folder_ / "password";
    std::ofstream(options_.password_file, std::ios::binary) << content;
    return read();
  }

  TempDir folder_;
  Options options_;
};

TEST_F(PasswordTest, FileLosesExactlyOneNewline) {
  EXPECT_EQ(from_file("secret\n"), "secret");
  EXPECT_EQ(from_file("secret"), "secret");
  EXPECT_EQ(from_file("secret\n\n"), "secret\n");
  EXPECT_EQ(from_file(" secret \n"), " secret ");
}

TEST_F(PasswordTest, SenselessFilesAreRefused) {
  using namespace std::string_literals;
  for (const std::string& bad : {""s, "\n"s, "a\0b"s, "\xef\xbb\xbfsecret"s, std::string(Password::kMostBytes + 1, 'x')})
    EXPECT_THROW(from_file(bad), UsageError);
  EXPECT_EQ(from_file(std::string(Password::kMostBytes, 'x')).size(), Password::kMostBytes);
}

TEST_F(PasswordTest, MissingFileIsNotFound) {
  options_.password_file = folder_ / "missing";
  EXPECT_THROW(read(), Error);
}

TEST_F(PasswordTest, VariableIsWipedWhereItStood) {
  ::setenv("CAIRN_PASSWORD", "canary-in-memory", 1);
  const char* memory = std::getenv("CAIRN_PASSWORD");
  EXPECT_EQ(read(), "canary-in-memory");
  EXPECT_EQ(std::getenv("CAIRN_PASSWORD"), nullptr);
  EXPECT_EQ(memory[0], '\0');
  EXPECT_EQ(memory[15], '\0');
}

TEST_F(PasswordTest, CommandPrintsIt) {
  options_.password_command = "printf 'from a command\\n'";
  EXPECT_EQ(read(), "from a command");
}

TEST_F(PasswordTest, FailedCommandGivesNoPassword) {
  options_.password_command = "echo half; exit 3";
  EXPECT_THROW(read(), Error);
  options_.password_command = "true";
  EXPECT_THROW(read(), UsageError);
}

TEST_F(PasswordTest, SeveralSourcesAreAmbiguous) {
  options_.password_command = "echo x";
  ::setenv("CAIRN_PASSWORD", "y", 1);
  EXPECT_THROW(read(), UsageError);
  options_.password_command.clear();
  options_.password_file = folder_ / "password";
  EXPECT_THROW(read(), UsageError);
  ::setenv("CAIRN_PASSWORD", "", 1);  // an empty variable is none
  EXPECT_EQ(from_file("z"), "z");
}

TEST_F(PasswordTest, StandardInputIsForData) {
  options_.password_file = "-";
  EXPECT_THROW(read(), UsageError);
}

TEST_F(PasswordTest, NobodyToAskIsAnError) {
  if (Fd(::open("/dev/tty", O_RDWR | O_CLOEXEC))) GTEST_SKIP() << "there is a terminal here";
  EXPECT_THROW(read(), UsageError);
}

}  // namespace
}  // namespace cairn
