#include "cli/daemon.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <syslog.h>

#include <csignal>

#include "cli/interrupt.h"
#include "store/error.h"

namespace cairn {

std::optional<int> Background::start() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
  Fd hear(ends[0]), tell(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) throw_errno("starting a process in the background");
  if (child == 0) {
    tell_ = std::move(tell);
    return std::nullopt;
  }
  tell.reset();
  char word;
  ssize_t heard;
  while ((heard = ::read(hear.get(), &word, 1)) < 0 && errno == EINTR)
    if (interrupted()) ::kill(child, SIGTERM);   // it may have been meant for us alone
  if (heard == 1) return 0;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

void Background::ready() {
  if (!tell_) return;
  ::setsid();
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd = 0; fd <= 2; ++fd) ::dup2(null.get(), fd);
  while (::write(tell_.get(), "r", 1) < 0 && errno == EINTR) {
  }
  tell_.reset();
}

SystemLog::SystemLog() { ::openlog("cairn", LOG_PID, LOG_DAEMON); }

void SystemLog::error(const std::string& path, const std::string& message) {
  ++errors;
  ::syslog(LOG_ERR, "%s: %s", printable(path).c_str(), printable(message).c_str());
}

void SystemLog::warning(const std::string& message) { ::syslog(LOG_WARNING, "%s", printable(message).c_str()); }

void SystemLog::check_interrupted() { cairn::check_interrupted(); }

}  // namespace cairn
