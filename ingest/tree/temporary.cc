#include "ingest/tree/temporary.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "store/error.h"

namespace cairn {

namespace {

constexpr int kMostNames = 16;  // at a name that is taken: 64 random bits meet no other by chance

// Reads far only into what begins with zeros.
bool all_zeros(ByteView bytes) {
  return bytes.empty() || (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

std::string RandomNames::next() {
  std::lock_guard lock(mu_);
  if (used_ == numbers_.size()) {
    static_assert(sizeof numbers_ <= 256, "getrandom gives up to 256 bytes at once or not at all");
    while (::getrandom(numbers_.data(), sizeof numbers_, 0) != static_cast<ssize_t>(sizeof numbers_))
      if (errno != EINTR) throw_errno("random numbers");
    used_ = 0;
  }
  char name[32];
  std::snprintf(name, sizeof name, ".cairn-%016llx", static_cast<unsigned long long>(numbers_[used_++]));
  return name;
}

Temporary::Temporary(int directory_fd, std::string name) : directory_fd_(directory_fd), name_(std::move(name)) {}

Temporary::~Temporary() {
  if (!kept_) ::unlinkat(directory_fd_, name_.c_str(), 0);
}

bool Temporary::publish(const std::string& name, bool replace) {
  const char *from = name_.c_str(), *to = name.c_str();
  int done = -1;
  bool plainly = replace;
  if (!replace) {
    done = ::renameat2(directory_fd_, from, directory_fd_, to, RENAME_NOREPLACE);
    if (done != 0 && (errno == EINVAL || errno == ENOSYS)) {  // a file system without it: look first, the best there is
      struct ::stat now{};
      plainly = ::fstatat(directory_fd_, to, &now, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
      if (!plainly) errno = EEXIST;
    }
  }
  if (plainly) done = ::renameat(directory_fd_, from, directory_fd_, to);
  if (done == 0) kept_ = true;
  return done == 0;
}

Fd create_temporary_file(int directory_fd, RandomNames& names, std::string* name) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  for (int i = 0; i < kMostNames; ++i) {
    *name = names.next();
    int fd = ::openat(directory_fd, name->c_str(), kFlags, S_IRUSR | S_IWUSR);
    if (fd >= 0 || errno != EEXIST) return Fd(fd);
  }
  return Fd(-1);
}

Written write_unless_zeros(int fd, uint64_t offset_bytes, ByteView bytes) {
  if (all_zeros(bytes)) return Written::kLeftOut;
  while (!bytes.empty()) {
    ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset_bytes));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Written::kFailed;
    bytes = bytes.subspan(static_cast<size_t>(n));
    offset_bytes += static_cast<uint64_t>(n);
  }
  return Written::kYes;
}

}  // namespace cairn
