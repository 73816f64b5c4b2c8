#include "store/backend/local_root.h"

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "store/error.h"

namespace cairn {

namespace {

constexpr int kFileFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

// Makes a directory and what is missing above it.
void make_directories(const std::filesystem::path& path) {
  std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  int made = ::mkdirat(AT_FDCWD, path.c_str(), 0700);
  if (made != 0 && errno == ENOENT && parent != path && parent != ".") {
    make_directories(parent);
    made = ::mkdirat(AT_FDCWD, path.c_str(), 0700);
  }
  if (made != 0 && errno == EEXIST) return;
  if (made != 0) throw_write_errno(path);
  Fd above(::open(parent.c_str(), kFolderFlags));
  if (!above) throw_write_errno(parent);
  sync_folder(above.get(), parent);
}

}  // namespace

std::string LocalRoot::path() const { return printable(path_); }

std::string LocalRoot::path(std::string_view name) const { return printable(path_ + "/" + std::string(name)); }

Fd LocalRoot::open(std::string_view folder, int flags) {
  int top = root();
  return top < 0 ? Fd() : walk(top, folder, flags, false);
}

// In one call where the kernel has it (Linux 5.6): element by element it is four, and as many to close.
Fd LocalRoot::open_file(std::string_view name) {
  const int top = root();
  if (top < 0) return Fd();
  open_how how{};
  how.flags = kFileFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  if (Fd file(static_cast<int>(::syscall(SYS_openat2, top, std::string(name).c_str(), &how, sizeof how))); file) return file;
  Fd folder = walk(top, folder_of(name), kFolderPathFlags, false);   // the kernel doesn't know it, or may not, or there is no such file
  return folder ? open_stored(folder.get(), leaf_of(name)) : Fd();
}

Fd LocalRoot::make(std::string_view folder) {
  std::lock_guard lock(making_mu_);
  int top = root();
  if (top < 0 && errno == ENOENT) {
    make_directories(path_);
    top = root();
  }
  Fd found = top < 0 ? Fd() : walk(top, folder, kFolderFlags, true);
  if (!found) throw_write_errno(path(folder));
  return found;
}

int LocalRoot::root() {
  std::lock_guard lock(mu_);
  if (!root_) root_ = Fd(::open(path_.c_str(), kFolderFlags));
  return root_.get();
}

Fd LocalRoot::walk(int root, std::string_view folder, int flags, bool make_missing) {
  Fd at(::openat(root, ".", flags));
  while (at && !folder.empty()) {
    std::string element(folder.substr(0, folder.find('/')));
    folder.remove_prefix(std::min(folder.size(), element.size() + 1));
    Fd next(::openat(at.get(), element.c_str(), flags | O_NOFOLLOW));
    if (!next && errno == ENOENT && make_missing) {
      if (::mkdirat(at.get(), element.c_str(), 0700) != 0 && errno != EEXIST) return Fd();
      sync_folder(at.get(), path());
      next = Fd(::openat(at.get(), element.c_str(), flags | O_NOFOLLOW));
    }
    at = std::move(next);
  }
  return at;
}

std::string_view folder_of(std::string_view name) {
  size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

std::string leaf_of(std::string_view name) { return std::string(name.substr(name.rfind('/') + 1)); }

void sync_folder(int fd, const std::string& path) {
  if (::fsync(fd) != 0 && errno != EINVAL) throw_write_errno(path);  // EINVAL: SMB knows no fsync of a directory
}

Fd open_stored(int folder, const std::string& leaf) {
  return Fd(::openat(folder, leaf.c_str(), kFileFlags));
}

struct stat stored_status(int fd, const std::string& path) {
  struct stat status;
  if (::fstat(fd, &status) != 0) throw_errno(path);
  require_regular(status, path);
  return status;
}

void require_regular(const struct stat& status, const std::string& path) {
  if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::kIo, path + ": not a regular file");
}

size_t read_stored(int fd, uint64_t offset, std::span<uint8_t> out, const std::string& path) {
  size_t done = 0;
  while (done < out.size()) {
    ssize_t got = ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got == 0) break;
    if (got < 0 && errno != EINTR) throw_errno(path);
    if (got > 0) done += static_cast<size_t>(got);
  }
  return done;
}

void throw_write_errno(const std::string& path) {
  Error error = errno_error(errno, path);
  throw error.code() == ErrorCode::kNotFound ? Error(ErrorCode::kIo, error.what()) : error;
}

}  // namespace cairn
