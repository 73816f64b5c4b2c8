#include "ingest/stream/stream_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <deque>

#include "store/error.h"
#include "store/fd.h"

namespace cairn {

namespace {

constexpr int kPipeBytes = 1 << 20;          // the most an unprivileged process may ask for: fewest switches between the two
constexpr int kPollMs = 200;                 // how late an interruption is noticed
constexpr size_t kStderrBytes = 64 << 10;
constexpr size_t kLastLines = 10;
constexpr size_t kLastWordsBytes = 2 << 10;
constexpr size_t kMaxLineBytes = 2 << 10;    // longer lines are cut into pieces
constexpr size_t kMaxWarnings = 1000;

// Waits until `fds` have something to say or `timeout_ms` are over; an interrupted wait is like a timeout.
template <size_t kCount>
void wait_for(struct ::pollfd (&fds)[kCount], int timeout_ms, const std::string& name) {
  if (::poll(fds, kCount, timeout_ms) >= 0) return;
  if (errno != EINTR && errno != EAGAIN) throw_errno(printable(name) + ": waiting for bytes");
  for (auto& one : fds) one.revents = 0;
}

// One read; nullopt-like: -1 when there is nothing to be had just now.
ssize_t read_some(int fd, std::span<uint8_t> into, const std::string& name) {
  const ssize_t size = ::read(fd, into.data(), into.size());
  if (size < 0 && errno != EINTR && errno != EAGAIN) throw_errno(printable(name) + ": reading");
  return size;
}

class StdinSource : public StreamSource {
 public:
  explicit StdinSource(Monitor& monitor) : monitor_(monitor) {
    ::fcntl(STDIN_FILENO, F_SETPIPE_SZ, kPipeBytes);  // fails for what isn't a pipe, and that is fine
  }

  size_t read(std::span<uint8_t> into) override {
    for (;;) {
      monitor_.check_interrupted();
      struct ::pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}};
      wait_for(fds, kPollMs, "standard input");
      if (fds[0].revents == 0) continue;
      const ssize_t size = read_some(STDIN_FILENO, into, "standard input");
      if (size >= 0) return static_cast<size_t>(size);
    }
  }

  void finish() override {}

 private:
  Monitor& monitor_;
};

// Splits what a command writes to stderr into lines, passes them on, and remembers the end.
class Stderr {
 public:
  Stderr(const std::string& name, Monitor& monitor) : prefix_(printable(name) + ": "), monitor_(monitor) {}

  void add(std::string_view text) {
    for (const char c : text) {
      if (c == '\n' || line_.size() >= kMaxLineBytes) end_line();
      if (c != '\n') line_ += c;
    }
  }

  // A line that nothing ended is complete now.
  void finish() { end_line(); }

  std::string last_words() const {
    std::string out;
    for (const std::string& line : last_) out += (out.empty() ? "" : "; ") + line;
    if (out.size() <= kLastWordsBytes) return out;
    size_t cut = out.size() - kLastWordsBytes;
    while (cut < out.size() && (out[cut] & 0xc0) == 0x80) ++cut;  // not in the middle of a character
    return "…" + out.substr(cut);
  }

 private:
  void end_line() {
    if (line_.ends_with('\r')) line_.pop_back();
    if (line_.empty()) return;
    std::string shown = printable(line_);
    line_.clear();
    if (++lines_ <= kMaxWarnings) monitor_.warning(prefix_ + shown);
    if (lines_ == kMaxWarnings + 1) monitor_.warning(prefix_ + "(writes much to standard error, no more of it is shown)");
    last_.push_back(std::move(shown));
    if (last_.size() > kLastLines) last_.pop_front();
  }

  const std::string prefix_;
  Monitor& monitor_;
  std::string line_;
  std::deque<std::string> last_;
  size_t lines_ = 0;
};

struct Pipe {
  Fd reading, writing;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("a pipe to a command");
  Pipe out{Fd(ends[0]), Fd(ends[1])};
  ::fcntl(ends[0], F_SETPIPE_SZ, kPipeBytes);  // a smaller pipe works too
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  // A program started without the standard descriptors gets their numbers here; they would be overwritten in the child.
  if (ends[1] <= STDERR_FILENO) out.writing = Fd(::fcntl(ends[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  return out;
}

class CommandSource : public StreamSource {
 public:
  CommandSource(const std::string& name, const std::vector<std::string>& argv, Monitor& monitor, const ChildExtras& extras)
      : name_(name), monitor_(monitor), stderr_(name, monitor), out_(make_pipe()), err_(make_pipe()),
        child_(name, argv, out_.writing.get(), err_.writing.get(), extras) {
    out_.writing.reset();
    err_.writing.reset();
  }
  ~CommandSource() override {
    // First, so that a writer notices even when it ignores SIGTERM.
    out_.reading.reset();
    err_.reading.reset();
  }

  size_t read(std::span<uint8_t> into) override {
    while (out_.reading) {
      monitor_.check_interrupted();
      struct ::pollfd fds[] = {{out_.reading.get(), POLLIN, 0}, {err_.reading.get(), POLLIN, 0}};
      wait_for(fds, kPollMs, name_);
      if (fds[1].revents != 0) read_stderr();
      if (fds[0].revents == 0) continue;
      const ssize_t size = read_some(out_.reading.get(), into, name_);
      if (size > 0) return static_cast<size_t>(size);
      if (size == 0) out_.reading.reset();
    }
    return 0;
  }

  void finish() override {
    assert(!out_.reading);
    while (!child_.exited()) {
      monitor_.check_interrupted();
      struct ::pollfd fds[] = {{child_.pidfd(), POLLIN, 0}, {err_.reading.get(), POLLIN, 0}};
      wait_for(fds, child_.pidfd() < 0 ? ChildProcess::kExitPollMs : kPollMs, name_);
      if (fds[1].revents != 0) read_stderr();
    }
    // What it wrote before it ended is in the pipe, at most so many bytes; a daemon it started may go on writing forever.
    for (size_t taken = 0; taken < kPipeBytes && err_.reading && read_stderr(); taken += kStderrBytes) {
    }
    stderr_.finish();
    judge(child_.reap());
  }

 private:
  // False when there was nothing to be had.
  bool read_stderr() {
    uint8_t buffer[kStderrBytes];
    const ssize_t size = read_some(err_.reading.get(), buffer, name_);
    if (size > 0) stderr_.add({reinterpret_cast<const char*>(buffer), static_cast<size_t>(size)});
    if (size == 0) err_.reading.reset();
    return size > 0;
  }

  void judge(int status) const {
    if (status == 0) return;
    std::string what = printable(name_) + ": command ";
    if (status == -1) {
      what += "ended, but how is not known because SIGCHLD is ignored";
    } else if (WIFSIGNALED(status)) {
      what += "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
    } else {
      what += "failed with exit status " + std::to_string(WEXITSTATUS(status));
    }
    const std::string last = stderr_.last_words();
    throw Error(ErrorCode::kIo, last.empty() ? what : what + ": " + last);
  }

  const std::string name_;
  Monitor& monitor_;
  Stderr stderr_;
  Pipe out_, err_;  // an end that was read is closed
  ChildProcess child_;
};

}  // namespace

std::unique_ptr<StreamSource> open_stdin(Monitor& monitor) { return std::make_unique<StdinSource>(monitor); }

std::unique_ptr<StreamSource> run_command(const std::string& name, const std::vector<std::string>& argv, Monitor& monitor,
                                          const ChildExtras& extras) {
  if (argv.empty() || argv[0].empty()) throw Error(ErrorCode::kInvalidArgument, printable(name) + ": no command to run");
  return std::make_unique<CommandSource>(name, argv, monitor, extras);
}

std::unique_ptr<StreamSource> run_shell(const std::string& name, const std::string& script, Monitor& monitor) {
  return run_command(name, {"/bin/sh", "-c", script}, monitor);
}

}  // namespace cairn
