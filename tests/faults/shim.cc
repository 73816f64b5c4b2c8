// LD_PRELOADed under the real program: counts every call that changes something below one folder, over all threads with one
// counter, and at the k-th of them does what is asked.  For tests only; knows nothing of cairn.
//
//   CAIRN_SHIM_ROOT     only what is below this folder counts (an absolute path without links); without it nothing happens
//   CAIRN_SHIM_MATCH    only calls whose line in the log contains this count: "renameat2 packs/"
//   CAIRN_SHIM_AT       k, from 1; without it nothing is done to any call
//   CAIRN_SHIM_ACTION   kill: the process dies before the call      torn: half of a write is done, then it dies
//                       stop: the process stops before the call, and makes it when it is continued
//                       short: a write takes half                   EIO ENOSPC EDQUOT EINTR EMFILE EROFS: the call fails so
//                       A "+" after it: for the k-th call and all that follow.  A call that can't fail like that is made.
//   CAIRN_SHIM_LOG      a file: "k CALL PATH" for each call, with " <- ACTION" where it struck; a rename has its new name
//
// Calls go to the kernel directly, so nothing has to be looked up before the first one.
#include <fcntl.h>
#include <linux/limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>

namespace {

// How a call can fail, as bits.
enum Kind : unsigned { kTakesSpace = 1, kCanBeInterrupted = 2, kTakesDescriptor = 4, kWrites = 8 };
enum class Action { kNone, kKill, kTorn, kStop, kShort, kFail };
constexpr int kHalf = -1;  // of strike(): do half of it

struct ErrorName {
  const char* name;
  int number;
  unsigned only;  // calls of one of these kinds; 0: all
};
constexpr ErrorName kErrors[] = {{"EIO", EIO, 0},
                                 {"EROFS", EROFS, 0},
                                 {"ENOSPC", ENOSPC, kTakesSpace},
                                 {"EDQUOT", EDQUOT, kTakesSpace},
                                 {"EINTR", EINTR, kCanBeInterrupted},
                                 {"EMFILE", EMFILE, kTakesDescriptor}};

char root[PATH_MAX];
size_t root_length = 0;
const char* match = nullptr;
const char* action_name = "";
long at = 0;
bool sticky = false;
Action action = Action::kNone;
ErrorName failure = {"", 0, 0};
int log_fd = -1;
std::atomic<long> counter{0};

__attribute__((constructor)) void set_up() {
  if (const char* k = getenv("CAIRN_SHIM_AT")) at = atol(k);
  if (const char* name = getenv("CAIRN_SHIM_ACTION")) action_name = name;
  char word[16] = "";
  strncpy(word, action_name, sizeof word - 1);
  if (char* plus = strchr(word, '+')) {
    sticky = true;
    *plus = 0;
  }
  const struct {
    const char* name;
    Action action;
  } actions[] = {{"kill", Action::kKill}, {"torn", Action::kTorn}, {"stop", Action::kStop}, {"short", Action::kShort}};
  for (const auto& known : actions)
    if (strcmp(word, known.name) == 0) action = known.action;
  for (const ErrorName& error : kErrors)
    if (strcmp(word, error.name) == 0) action = Action::kFail, failure = error;
  if (at > 0 && action == Action::kNone) {
    fprintf(stderr, "shim: no such action: %s\n", action_name);
    _exit(99);
  }
  match = getenv("CAIRN_SHIM_MATCH");
  if (const char* path = getenv("CAIRN_SHIM_LOG"))
    log_fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (const char* path = getenv("CAIRN_SHIM_ROOT")) {
    strncpy(root, path, sizeof root - 1);
    root_length = strlen(root);
  }
}

// What a descriptor is of; "" if that can't be told.
void path_of(int fd, char (&out)[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const long length = syscall(SYS_readlinkat, AT_FDCWD, link, out, sizeof out - 1);
  out[length > 0 ? length : 0] = 0;
}

void path_of(int folder, const char* name, char (&out)[PATH_MAX]) {
  char above[PATH_MAX] = "";
  if (name[0] != '/') {
    if (folder == AT_FDCWD) syscall(SYS_getcwd, above, sizeof above);
    else path_of(folder, above);
    strncat(above, "/", sizeof above - strlen(above) - 1);
  }
  snprintf(out, sizeof out, "%.2047s%.2047s", above, name);
}

// 0: make the call.  kHalf: make half of it.  Else: the error to fail with.
int strike(const char* call, const char* path, unsigned kinds) {
  if (root_length == 0 || strncmp(path, root, root_length) != 0) return 0;
  if (path[root_length] != '/' && path[root_length] != 0) return 0;
  const char* below = path + root_length + (path[root_length] == '/' ? 1 : 0);
  char line[PATH_MAX + 64];
  snprintf(line, sizeof line, "%s %s", call, below);
  if (match != nullptr && strstr(line, match) == nullptr) return 0;
  const long k = ++counter;
  bool struck = at > 0 && (sticky ? k >= at : k == at);
  if (action == Action::kFail && failure.only != 0 && (failure.only & kinds) == 0) struck = false;
  if ((action == Action::kShort) && (kinds & kWrites) == 0) struck = false;
  if (log_fd >= 0) {
    char entry[PATH_MAX + 128];
    const int length = snprintf(entry, sizeof entry, "%ld %s%s%s\n", k, line, struck ? " <- " : "", struck ? action_name : "");
    syscall(SYS_write, log_fd, entry, static_cast<size_t>(length));
  }
  if (!struck) return 0;
  switch (action) {
    case Action::kNone: return 0;
    case Action::kTorn:
      if ((kinds & kWrites) != 0) return kHalf;
      [[fallthrough]];
    case Action::kKill: syscall(SYS_kill, getpid(), SIGKILL); return EIO;
    case Action::kStop: syscall(SYS_tgkill, getpid(), gettid(), SIGSTOP); return 0;
    case Action::kShort: return kHalf;
    case Action::kFail: return failure.number;
  }
  return 0;
}

int strike_at(const char* call, int fd, unsigned kinds) {
  if (root_length == 0) return 0;
  char path[PATH_MAX];
  path_of(fd, path);
  return strike(call, path, kinds);
}

int strike_at(const char* call, int folder, const char* name, unsigned kinds) {
  if (root_length == 0) return 0;
  char path[PATH_MAX];
  path_of(folder, name, path);
  return strike(call, path, kinds);
}

template <class... Arguments>
long call_unless(int error, long number, Arguments... arguments) {
  if (error > 0) {
    errno = error;
    return -1;
  }
  return syscall(number, arguments...);
}

// `half` of the length for what writes; the process dies after it if it is to be torn.
template <class Write>
ssize_t write_unless(int error, size_t size, Write write) {
  if (error > 0) {
    errno = error;
    return -1;
  }
  const ssize_t wrote = write(error == kHalf && size > 1 ? size / 2 : size);
  if (error == kHalf && action == Action::kTorn) syscall(SYS_kill, getpid(), SIGKILL);
  return wrote;
}

int open_unless(int folder, const char* name, int flags, mode_t mode) {
  const bool makes = (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  const int error = makes ? strike_at("open", folder, name, kTakesSpace | kCanBeInterrupted | kTakesDescriptor) : 0;
  return static_cast<int>(call_unless(error, SYS_openat, folder, name, flags, mode));
}

mode_t mode_of(int flags, va_list arguments) {
  const bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has_mode ? va_arg(arguments, mode_t) : 0;
}

int rename_unless(const char* call, int from, const char* old_name, int to, const char* new_name, unsigned flags) {
  return static_cast<int>(
      call_unless(strike_at(call, to, new_name, kTakesSpace), SYS_renameat2, from, old_name, to, new_name, flags));
}

int link_unless(int from, const char* old_name, int to, const char* new_name, int flags) {
  return static_cast<int>(
      call_unless(strike_at("linkat", to, new_name, kTakesSpace), SYS_linkat, from, old_name, to, new_name, flags));
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  return write_unless(strike_at("write", fd, kTakesSpace | kCanBeInterrupted | kWrites), size,
                      [&](size_t part) { return syscall(SYS_write, fd, bytes, part); });
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return write_unless(strike_at("pwrite", fd, kTakesSpace | kCanBeInterrupted | kWrites), size,
                      [&](size_t part) { return syscall(SYS_pwrite64, fd, bytes, part, offset); });
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) { return pwrite64(fd, bytes, size, offset); }
ssize_t writev(int fd, const struct iovec* parts, int count) {
  const int error = strike_at("writev", fd, kTakesSpace | kCanBeInterrupted);
  return call_unless(error == kHalf ? 0 : error, SYS_writev, fd, parts, count);
}
int fsync(int fd) { return static_cast<int>(call_unless(strike_at("fsync", fd, kTakesSpace | kCanBeInterrupted), SYS_fsync, fd)); }
int fdatasync(int fd) {
  return static_cast<int>(call_unless(strike_at("fdatasync", fd, kTakesSpace | kCanBeInterrupted), SYS_fdatasync, fd));
}
int ftruncate64(int fd, off64_t size) noexcept {
  return static_cast<int>(call_unless(strike_at("ftruncate", fd, kTakesSpace | kCanBeInterrupted), SYS_ftruncate, fd, size));
}
int ftruncate(int fd, off_t size) noexcept { return ftruncate64(fd, size); }
int fallocate64(int fd, int mode, off64_t from, off64_t size) {
  return static_cast<int>(call_unless(strike_at("fallocate", fd, kTakesSpace | kCanBeInterrupted), SYS_fallocate, fd, mode, from, size));
}
int fallocate(int fd, int mode, off_t from, off_t size) { return fallocate64(fd, mode, from, size); }
int posix_fallocate64(int fd, off64_t from, off64_t size) { return fallocate64(fd, 0, from, size) == 0 ? 0 : errno; }
int posix_fallocate(int fd, off_t from, off_t size) { return posix_fallocate64(fd, from, size); }
int fchmod(int fd, mode_t mode) noexcept { return static_cast<int>(call_unless(strike_at("fchmod", fd, 0), SYS_fchmod, fd, mode)); }

int open(const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_unless(AT_FDCWD, name, flags, mode);
}
int open64(const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_unless(AT_FDCWD, name, flags, mode);
}
int openat(int folder, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_unless(folder, name, flags, mode);
}
int openat64(int folder, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_unless(folder, name, flags, mode);
}

int rename(const char* from, const char* to) noexcept { return rename_unless("rename", AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from, const char* old_name, int to, const char* new_name) noexcept {
  return rename_unless("renameat", from, old_name, to, new_name, 0);
}
int renameat2(int from, const char* old_name, int to, const char* new_name, unsigned flags) noexcept {
  return rename_unless("renameat2", from, old_name, to, new_name, flags);
}
int link(const char* from, const char* to) noexcept { return link_unless(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int from, const char* old_name, int to, const char* new_name, int flags) noexcept {
  return link_unless(from, old_name, to, new_name, flags);
}
int unlink(const char* name) noexcept {
  return static_cast<int>(call_unless(strike_at("unlink", AT_FDCWD, name, 0), SYS_unlinkat, AT_FDCWD, name, 0));
}
int unlinkat(int folder, const char* name, int flags) noexcept {
  return static_cast<int>(call_unless(strike_at("unlink", folder, name, 0), SYS_unlinkat, folder, name, flags));
}
int rmdir(const char* name) noexcept {
  return static_cast<int>(call_unless(strike_at("rmdir", AT_FDCWD, name, 0), SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR));
}
int mkdir(const char* name, mode_t mode) noexcept {
  return static_cast<int>(call_unless(strike_at("mkdir", AT_FDCWD, name, kTakesSpace), SYS_mkdirat, AT_FDCWD, name, mode));
}
int mkdirat(int folder, const char* name, mode_t mode) noexcept {
  return static_cast<int>(call_unless(strike_at("mkdir", folder, name, kTakesSpace), SYS_mkdirat, folder, name, mode));
}

}  // extern "C"
