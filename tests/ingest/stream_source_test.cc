#include "ingest/stream/stream_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "store/bytes.h"
#include "store/error.h"
#include "store/fd.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

using std::chrono::milliseconds, std::chrono::seconds, std::chrono::steady_clock;

class StreamNotes : public Monitor {
 public:
  void error(const std::string& path, const std::string& message) override { ADD_FAILURE() << path << ": " << message; }
  void warning(const std::string& message) override { warnings_.push_back(message); }
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override {
    if (++checks_ > checks_allowed_) throw Error(ErrorCode::kInterrupted, "asked to stop");
  }
  std::vector<std::string> warnings_;
  size_t checks_ = 0, checks_allowed_ = SIZE_MAX;
};

std::string read_all(StreamSource& source) {
  std::string out;
  Bytes buffer(100000);
  while (const size_t size = source.read(buffer)) out.append(text({buffer.data(), size}));
  EXPECT_EQ(source.read(buffer), 0U);  // the end stays the end
  return out;
}

class Stream : public ::testing::Test {
 protected:
  std::string output_of(const std::string& script) {
    const auto source = run_shell("job", script, notes_);
    std::string out = read_all(*source);
    source->finish();
    return out;
  }
  std::string program_failure(const std::string& script) {
    const auto source = run_shell("job", script, notes_);
    read_all(*source);
    try {
      source->finish();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kIo);
      return error.what();
    }
    ADD_FAILURE() << "did not fail: " << script;
    return "";
  }
  StreamNotes notes_;
};

// Processes of the group that still run; a zombie doesn't.
size_t running_in_group(pid_t group) {
  size_t count = 0;
  for (const auto& one : std::filesystem::directory_iterator("/proc")) {
    std::ifstream in(one.path() / "stat");
    std::stringstream stat;
    stat << in.rdbuf();
    const std::string line = stat.str();
    const size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) continue;
    char state = 0;
    pid_t parent = 0, pgrp = 0;
    std::istringstream(line.substr(name_end + 1)) >> state >> parent >> pgrp;
    count += pgrp == group && state != 'Z' && state != 'X';
  }
  return count;
}

bool ends_soon(pid_t group) {
  for (int i = 0; i < 100; ++i) {
    if (running_in_group(group) == 0) return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

// The first line a script prints is its own process id, which is its group's number.
pid_t first_pid(StreamSource& source) {
  std::string line;
  Bytes one(1);
  while (source.read(one) == 1 && one[0] != '\n') line += static_cast<char>(one[0]);
  return static_cast<pid_t>(std::stol(line));
}

TEST_F(Stream, IsWhatTheCommandWrites) {
  EXPECT_EQ(output_of("printf 'one\\0two'"), std::string("one\0two", 7));
  EXPECT_EQ(output_of(":"), "");
  const auto source = run_command("job", {"printf", "%s", "$HOME; no shell"}, notes_);
  EXPECT_EQ(read_all(*source), "$HOME; no shell");
  source->finish();
  EXPECT_TRUE(notes_.warnings_.empty());
}

TEST_F(Stream, EndsWithTheExitStatusAndTheLastWords) {
  EXPECT_EQ(program_failure("echo data; echo first >&2; echo 'second' >&2; exit 3"),
            "job: command failed with exit status 3: first; second");
  EXPECT_EQ(notes_.warnings_, std::vector<std::string>({"job: first", "job: second"}));
  EXPECT_EQ(program_failure("exit 1"), "job: command failed with exit status 1");
  EXPECT_EQ(program_failure("no-such-program-anywhere 2>/dev/null"), "job: command failed with exit status 127");
}

TEST_F(Stream, EndsWithTheSignalThatKilled) {
  EXPECT_EQ(program_failure("kill -9 $$"), "job: command was killed by signal 9 (Killed)");
  EXPECT_EQ(program_failure("printf oops >&2; kill -TERM $$"), "job: command was killed by signal 15 (Terminated): oops");
}

TEST_F(Stream, FailsBeforeTheFirstByteWhenTheProgramIsMissing) {
  const auto error_of = [&](const std::vector<std::string>& argv) {
    try {
      run_command("job", argv, notes_);
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kCorrupt, "started");
  };
  const Error missing = error_of({"no-such-program-anywhere", "x"});
  EXPECT_EQ(missing.code(), ErrorCode::kNotFound);
  EXPECT_NE(std::string(missing.what()).find("no-such-program-anywhere"), std::string::npos) << missing.what();
  EXPECT_EQ(error_of({"/no/such/program"}).code(), ErrorCode::kNotFound);
  EXPECT_EQ(error_of({"/etc/passwd"}).code(), ErrorCode::kIo);  // not executable
  EXPECT_EQ(error_of({}).code(), ErrorCode::kInvalidArgument);
}

TEST_F(Stream, FailsLateWhenTheCommandDoes) {
  EXPECT_EQ(program_failure("echo x; exec 1>&-; sleep 0.3; echo late >&2; exit 4"), "job: command failed with exit status 4: late");
}

TEST_F(Stream, HearsTheLastWordsOfACommandThatEndedLongAgo) {
  const auto source = run_shell("job", "exec 1>&-; sleep 0.1; echo late >&2; exit 5", notes_);
  EXPECT_EQ(read_all(*source), "");
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_THROW(source->finish(), Error);
  EXPECT_EQ(notes_.warnings_, std::vector<std::string>({"job: late"}));
}

TEST_F(Stream, DoesNotWaitForADaemonThatHoldsStandardError) {
  const auto begin = steady_clock::now();
  const auto source = run_shell("job", "echo $$; sleep 20 >/dev/null & echo started >&2", notes_);
  const pid_t group = first_pid(*source);
  EXPECT_EQ(read_all(*source), "");
  source->finish();
  EXPECT_LT(steady_clock::now() - begin, seconds(5));
  EXPECT_EQ(notes_.warnings_, std::vector<std::string>({"job: started"}));
  EXPECT_EQ(running_in_group(group), 1U);  // not ours to end
  ::kill(-group, SIGKILL);
}

TEST_F(Stream, ReadsMuchStandardErrorWhileStandardOutputIsIdle) {
  EXPECT_EQ(output_of("head -c 20000000 /dev/zero | tr '\\0' 'e' >&2; echo done"), "done\n");
  EXPECT_GT(notes_.warnings_.size(), 1000U);
  EXPECT_LT(notes_.warnings_.size(), 1010U);  // and says once that there was more
}

TEST_F(Stream, ReadsMuchOfBoth) {
  const std::string out = output_of("for i in 1 2 3 4 5 6; do head -c 5000000 /dev/zero; yes error | head -c 3000000 >&2; done");
  EXPECT_EQ(out.size(), 30000000U);
  EXPECT_EQ(out.find_first_not_of('\0'), std::string::npos);
}

TEST_F(Stream, KeepsTheLastLinesOnly) {
  const std::string lines = program_failure("for i in $(seq 100); do echo line $i >&2; done; exit 1");
  EXPECT_EQ(lines.find("line 90;"), std::string::npos) << lines;
  EXPECT_NE(lines.find(": line 91; line 92; "), std::string::npos) << lines;
  EXPECT_TRUE(lines.ends_with("line 100")) << lines;
  const std::string wide = program_failure("for i in 1 2 3; do printf '%1500d\\n' $i >&2; done; exit 1");
  EXPECT_LT(wide.size(), 2200U);
  EXPECT_TRUE(wide.ends_with(" 3"));
}

TEST_F(Stream, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(program_failure("printf 'a\\033[31mb\\r\\n\\n' >&2; exit 1"), "job: command failed with exit status 1: a\\x1b[31mb");
}

TEST_F(Stream, HidesOurVariablesAndDescriptorsFromTheCommand) {
  ::setenv("CAIRN_PASSWORD", "secret", 1);
  ::setenv("OTHER_VARIABLE", "kept", 1);
  const Fd leaky(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  const std::string environment = output_of("env");
  EXPECT_EQ(environment.find("CAIRN_"), std::string::npos);
  EXPECT_EQ(environment.find("secret"), std::string::npos);
  EXPECT_NE(environment.find("OTHER_VARIABLE=kept"), std::string::npos);
  ::unsetenv("CAIRN_PASSWORD");
  EXPECT_EQ(output_of("ls /proc/self/fd | wc -l"), "4\n");  // the fourth is ls's own
  EXPECT_EQ(output_of("cat; readlink /proc/self/fd/0"), "/dev/null\n");
}

TEST_F(Stream, OfCommandGetsWhatItIsHanded) {
  ::setenv("FIRST", "ours", 1);
  ::setenv("SECOND", "ours", 1);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd reading(ends[0]), writing(ends[1]);
  ASSERT_EQ(::write(writing.get(), "through 4\n", 10), 10);
  const Fd file(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
  ChildExtras extras;
  extras.descriptors = {file.get(), reading.get()};
  extras.variables = {"FIRST=set"};
  extras.withheld = {"SECOND"};
  const auto source = run_command("job", {"/bin/sh", "-c", "echo $FIRST ${SECOND-none}; readlink /proc/$$/fd/3; head -n 1 <&4; ls /proc/$$/fd | wc -l"}, notes_, extras);
  EXPECT_EQ(read_all(*source), "set none\n/etc/passwd\nthrough 4\n5\n");
  source->finish();
  ::unsetenv("FIRST");
  ::unsetenv("SECOND");
}

TEST_F(Stream, GivesTheCommandOrdinarySignals) {
  ::sigset_t block, before;
  ::sigemptyset(&block);
  ::sigaddset(&block, SIGUSR1);
  ::sigaddset(&block, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &block, &before);
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  std::istringstream status(read_all(*run_command("job", {"grep", "-E", "SigBlk|SigIgn", "/proc/self/status"}, notes_)));
  ::signal(SIGPIPE, old);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  std::string label;
  uint64_t blocked = 1, ignored = 1;
  status >> label >> std::hex >> blocked >> label >> ignored;
  EXPECT_EQ(blocked, 0U);
  EXPECT_EQ(ignored & 0x7fffffff, 0U);  // the C library ignores 32 and 33 for itself
}

TEST_F(Stream, GivesTheCommandNoTerminalToAskAt) {
  std::istringstream stat(read_all(*run_command("job", {"cat", "/proc/self/stat"}, notes_)));
  std::string name, state;
  pid_t pid = 0, parent = 0, group = 0, session = 0, terminal = -1;
  stat >> pid >> name >> state >> parent >> group >> session >> terminal;
  EXPECT_EQ(group, pid);
  EXPECT_EQ(session, pid);
  EXPECT_EQ(terminal, 0);
}

TEST_F(Stream, DestroyedEarlyLeavesNoProcess) {
  const auto begin = steady_clock::now();
  auto source = run_shell("job", "sleep 1000 & sleep 1000 & echo $$; yes", notes_);
  const pid_t group = first_pid(*source);
  EXPECT_GE(running_in_group(group), 3U);
  source.reset();
  EXPECT_TRUE(ends_soon(group));
  EXPECT_LT(steady_clock::now() - begin, seconds(2));
  EXPECT_EQ(::kill(group, 0), -1);  // reaped, too
}

TEST_F(Stream, DestroyedEarlyKillsWhatIgnoresTheFirstSignal) {
  auto source = run_shell("job", "trap '' TERM PIPE; echo $$; while :; do sleep 1; done", notes_);
  const pid_t group = first_pid(*source);
  const auto begin = steady_clock::now();
  source.reset();
  EXPECT_TRUE(ends_soon(group));
  EXPECT_GT(steady_clock::now() - begin, milliseconds(1500));  // the grace
  EXPECT_LT(steady_clock::now() - begin, seconds(5));
}

TEST_F(Stream, DestroyedEarlyLetsTheCommandCleanUp) {
  const TempDir dir;
  auto source = run_shell("job", "trap 'echo bye > " + (dir / "marker") + "; exit' TERM; sleep 1000 & echo $$; wait", notes_);
  const pid_t group = first_pid(*source);
  source.reset();
  EXPECT_TRUE(ends_soon(group));
  EXPECT_TRUE(std::filesystem::exists(dir / "marker"));
}

TEST_F(Stream, DestroyedEarlyKillsWhatOutlivesTheCommand) {
  auto source = run_shell("job", "(trap '' TERM; exec sleep 1000) & sleep 0.1; echo $$; exec sleep 1000", notes_);
  const pid_t group = first_pid(*source);
  source.reset();
  EXPECT_TRUE(ends_soon(group));
}

TEST_F(Stream, NoticesAnInterruptionWhileTheCommandIsSilent) {
  const auto begin = steady_clock::now();
  auto source = run_shell("job", "echo $$; sleep 1000", notes_);
  const pid_t group = first_pid(*source);
  notes_.checks_allowed_ = notes_.checks_ + 2;
  Bytes buffer(10);
  EXPECT_THROW(source->read(buffer), Error);
  source.reset();
  EXPECT_TRUE(ends_soon(group));
  EXPECT_LT(steady_clock::now() - begin, seconds(3));
}

TEST_F(Stream, NoticesAnInterruptionWhileWaitingForTheExit) {
  auto source = run_shell("job", "echo $$; exec 1>&-; sleep 1000", notes_);
  const pid_t group = first_pid(*source);
  EXPECT_EQ(read_all(*source), "");
  notes_.checks_allowed_ = notes_.checks_ + 2;
  EXPECT_THROW(source->finish(), Error);
  source.reset();
  EXPECT_TRUE(ends_soon(group));
}

// Something else as standard input for a while.
class AsStdin {
 public:
  explicit AsStdin(int fd) : before_(::dup(STDIN_FILENO)) { ::dup2(fd, STDIN_FILENO); }
  AsStdin(const AsStdin&) = delete;
  ~AsStdin() { ::dup2(before_.get(), STDIN_FILENO); }

 private:
  Fd before_;
};

TEST_F(Stream, OfStandardInputEndsWhenItsWriterDoes) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd reading(ends[0]);
  std::jthread writer([fd = Fd(ends[1])] {
    const std::string piece(1000, 'p');
    for (int i = 0; i < 2000; ++i) {
      if (::write(fd.get(), piece.data(), piece.size()) != 1000) return;
    }
  });
  const AsStdin as(reading.get());
  const auto source = open_stdin(notes_);
  EXPECT_EQ(read_all(*source), std::string(2000000, 'p'));
  source->finish();
}

TEST_F(Stream, OfStandardInputCanBeAFile) {
  const Fd file(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
  const AsStdin as(file.get());
  EXPECT_GT(read_all(*open_stdin(notes_)).size(), 0U);
}

TEST_F(Stream, OfStandardInputNoticesAnInterruption) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd reading(ends[0]), writing(ends[1]);
  const AsStdin as(reading.get());
  notes_.checks_allowed_ = 2;
  Bytes buffer(10);
  EXPECT_THROW(open_stdin(notes_)->read(buffer), Error);
}

}  // namespace
}  // namespace cairn
