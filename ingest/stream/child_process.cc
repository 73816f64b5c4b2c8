#include "ingest/stream/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "store/error.h"

namespace cairn {

namespace {

constexpr int kGraceMs = 2000;   // between SIGTERM and SIGKILL
constexpr int kKilledMs = 5000;  // after SIGKILL: only a process stuck in the kernel takes longer, and is left to init

// posix_spawn wants lists of its own kind, and these free them.
struct SpawnActions {
  SpawnActions() { ::posix_spawn_file_actions_init(&value); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&value); }
  SpawnActions(const SpawnActions&) = delete;
  ::posix_spawn_file_actions_t value;
};

struct SpawnAttributes {
  SpawnAttributes() { ::posix_spawnattr_init(&value); }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&value); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  ::posix_spawnattr_t value;
};

std::vector<char*> child_environment(const ChildExtras& extras) {
  std::vector<char*> out;
  const auto hidden = [&](std::string_view name) {
    return name.starts_with("CAIRN_") || std::ranges::find(extras.withheld, name) != extras.withheld.end() ||
           std::ranges::any_of(extras.variables, [&](std::string_view set) { return set.substr(0, set.find('=')) == name; });
  };
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (!hidden(text.substr(0, text.find('=')))) out.push_back(*variable);
  }
  for (const std::string& set : extras.variables) out.push_back(const_cast<char*>(set.c_str()));
  out.push_back(nullptr);
  return out;
}

// posix_spawn rather than fork: we have threads, and much memory to copy the map of.  It also says why exec failed.
::pid_t spawn(const std::string& name, const std::vector<std::string>& argv, int out, int err, const ChildExtras& extras) {
  const int after_extras = STDERR_FILENO + 1 + static_cast<int>(extras.descriptors.size());
  std::vector<Fd> handed;  // out of the way of the numbers they are to have
  for (const int fd : extras.descriptors) {
    if (!handed.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, after_extras))) throw_errno(printable(name) + ": a descriptor for " + printable(argv[0]));
  }
  SpawnActions actions;
  ::posix_spawn_file_actions_addopen(&actions.value, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions.value, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions.value, err, STDERR_FILENO);
  for (size_t i = 0; i < handed.size(); ++i) {
    ::posix_spawn_file_actions_adddup2(&actions.value, handed[i].get(), STDERR_FILENO + 1 + static_cast<int>(i));
  }
  ::posix_spawn_file_actions_addclosefrom_np(&actions.value, after_extras);

  SpawnAttributes attributes;
  ::sigset_t none, ordinary;
  ::sigemptyset(&none);
  ::sigemptyset(&ordinary);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGQUIT, SIGCHLD}) ::sigaddset(&ordinary, signal);
  ::posix_spawnattr_setsigmask(&attributes.value, &none);
  ::posix_spawnattr_setsigdefault(&attributes.value, &ordinary);
  ::posix_spawnattr_setflags(&attributes.value, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);

  std::vector<char*> arguments, environment = child_environment(extras);
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::pid_t pid = -1;
  const int why = ::posix_spawnp(&pid, arguments[0], &actions.value, &attributes.value, arguments.data(), environment.data());
  if (why != 0) throw errno_error(why, printable(name) + ": running " + printable(argv[0]));
  return pid;
}

}  // namespace

ChildProcess::ChildProcess(const std::string& name, const std::vector<std::string>& argv, int out, int err, const ChildExtras& extras)
    : pid_(spawn(name, argv, out, err, extras)), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))) {}  // close-on-exec

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGTERM);
  exits_within(kGraceMs);
  ::kill(-pid_, SIGKILL);  // before the leader is reaped, so that the number is still its own
  exits_within(kKilledMs);
  ::waitpid(pid_, nullptr, WNOHANG);
}

bool ChildProcess::exited() const {
  ::siginfo_t seen{};
  const int result = ::waitid(P_PID, static_cast<::id_t>(pid_), &seen, WEXITED | WNOHANG | WNOWAIT);
  return (result == 0 && seen.si_pid == pid_) || (result != 0 && errno == ECHILD);
}

int ChildProcess::reap() {
  assert(pid_ >= 0);
  int status = 0;
  return ::waitpid(std::exchange(pid_, -1), &status, 0) < 0 ? -1 : status;
}

bool ChildProcess::exits_within(int timeout_ms) const noexcept {
  using std::chrono::milliseconds, std::chrono::steady_clock;
  const auto end = steady_clock::now() + milliseconds(timeout_ms);
  while (!exited()) {
    const auto left_ms = std::chrono::duration_cast<milliseconds>(end - steady_clock::now()).count();
    if (left_ms <= 0) return false;
    struct ::pollfd fd{pidfd_.get(), POLLIN, 0};
    ::poll(&fd, 1, pidfd_ ? static_cast<int>(left_ms) : kExitPollMs);
  }
  return true;
}

}  // namespace cairn
