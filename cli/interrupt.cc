#include "cli/interrupt.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

#include "store/error.h"

namespace cairn {

namespace {

// All that a signal handler may touch: lock-free atomics, and a termios written before `hidden_fd` is set.
std::atomic<int> signals_seen{0};
std::atomic<int> hidden_fd{-1};
::termios to_restore;

static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void note_signal(int) {
  if (signals_seen.fetch_add(1) == 0) return;
  const int fd = hidden_fd.load();
  if (fd >= 0) ::tcsetattr(fd, TCSANOW, &to_restore);
  ::_exit(130);
}

}  // namespace

void catch_signals() {
  struct ::sigaction action {};
  action.sa_handler = note_signal;  // without SA_RESTART: a read from the terminal shall return
  ::sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct ::sigaction before {};
    ::sigaction(number, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() { return signals_seen.load(std::memory_order_relaxed) > 0; }

void check_interrupted() {
  if (interrupted()) throw Error(ErrorCode::kInterrupted, "interrupted");
}

bool wait_until_readable(int fd) {
  ::sigset_t asking, before;
  ::sigemptyset(&asking);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&asking, number);
  ::pthread_sigmask(SIG_BLOCK, &asking, &before);
  ::pollfd wanted{fd, POLLIN, 0};
  // The signals get through only inside ppoll.
  while (!interrupted() && ::ppoll(&wanted, 1, nullptr, &before) < 0 && errno == EINTR) {
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return !interrupted();
}

HiddenTyping::HiddenTyping(int fd) : fd_(fd) {
  if (::tcgetattr(fd, &before_) != 0) throw_errno("terminal");
  to_restore = before_;
  hidden_fd = fd;
  ::termios hidden = before_;
  hidden.c_lflag &= ~static_cast<::tcflag_t>(ECHO);
  hidden.c_lflag |= ECHONL | ICANON | ISIG;
  hidden.c_cc[VSUSP] = hidden.c_cc[VQUIT] = _POSIX_VDISABLE;
  if (::tcsetattr(fd, TCSAFLUSH, &hidden) != 0) {
    hidden_fd = -1;
    throw_errno("terminal");
  }
}

HiddenTyping::~HiddenTyping() {
  ::tcsetattr(fd_, TCSANOW, &before_);
  hidden_fd = -1;
}

}  // namespace cairn
