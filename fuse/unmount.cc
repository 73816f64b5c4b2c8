#include "fuse/unmount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "store/error.h"
#include "store/fd.h"

namespace cairn {

bool is_dead_mount(const std::string& path) {
  // Not stat(): that may be answered, for a second, from what the kernel remembers of a process that is gone.
  struct statfs status;
  return ::statfs(path.c_str(), &status) != 0 && (errno == ENOTCONN || errno == ECONNABORTED);
}

bool unmount_lazily(const std::string& path) {
  if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return true;
  if (errno != EPERM) return false;
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) {
    ::execlp("fusermount3", "fusermount3", "-u", "-z", "-q", "--", path.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void watch_over_mount(const std::string& path) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
  Fd reading(ends[0]), writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) throw_errno("starting a process");
  if (child > 0) {
    writing.release();   // ours until the end
    return;
  }
  // Only our parent's end of the pipe shall keep us waiting, and no signal meant for it shall end us first.
  ::setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) std::signal(signal, SIG_IGN);
  writing.reset();
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd <= 2; ++fd) ::dup2(null, fd);
  ::close_range(3, static_cast<unsigned>(reading.get()) - 1, 0);
  ::close_range(static_cast<unsigned>(reading.get()) + 1, ~0U, 0);
  if (::chdir("/") != 0) ::_exit(1);
  char byte;
  while (::read(reading.get(), &byte, 1) < 0 && errno == EINTR) {
  }
  // The kernel takes its time to notice that the process is gone.
  for (int i = 0; i < 50; ++i) {
    if (is_dead_mount(path)) {
      unmount_lazily(path);
      break;
    }
    ::usleep(20'000);
  }
  ::_exit(0);
}

}  // namespace cairn
