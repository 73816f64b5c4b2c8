#include "ingest/tree/directory_stack.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace cairn {

namespace {

// Half of what may be open, so that a walk back outwards and in again doesn't open and close at every step.
constexpr size_t kReopenedAtOnce = kMaxOpenDirectories / 2;

}  // namespace

bool examine(int directory_fd, const char* name, struct ::statx& out) {
  const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC | (*name == '\0' ? AT_EMPTY_PATH : 0);
  return ::statx(directory_fd, name, flags, STATX_BASIC_STATS, &out) == 0;
}

Fd open_unread(int directory_fd, const char* name, int flags) {
  const int all = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | flags;
  Fd fd(::openat(directory_fd, name, all | O_NOATIME));  // for the owner and root only
  if (!fd && errno == EPERM) fd = Fd(::openat(directory_fd, name, all));
  return fd;
}

bool DirectoryStack::holds(const struct ::statx& found) const {
  return std::any_of(directories_.begin(), directories_.end(), [&](const OpenDirectory& directory) {
    return directory.inode == found.stx_ino && directory.device == device_of(found);
  });
}

void DirectoryStack::push(OpenDirectory directory) {
  directories_.push_back(std::move(directory));
  for (; lowest_open_ + kMaxOpenDirectories < directories_.size(); ++lowest_open_) directories_[lowest_open_].fd.reset();
}

void DirectoryStack::pop() {
  directories_.pop_back();
  lowest_open_ = std::clamp<size_t>(lowest_open_, 1, std::max<size_t>(1, directories_.size()));
}

bool DirectoryStack::reopen(const std::string& path) {
  const size_t wanted = directories_.size() - 1;
  Fd above;  // the directory around, unless it stays open in directories_
  for (size_t i = 1; i <= wanted; ++i) {
    OpenDirectory& directory = directories_[i];
    const OpenDirectory& around = directories_[i - 1];
    const size_t begin = around.path_size + (path[around.path_size] == '/' ? 1 : 0);
    const std::string name = path.substr(begin, directory.path_size - begin);
    Fd fd = open_unread(above ? above.get() : around.fd.get(), name.c_str(), O_DIRECTORY);
    struct ::statx found{};
    if (!fd || !examine(fd.get(), "", found)) return false;
    if (device_of(found) != directory.device || found.stx_ino != directory.inode) return false;
    above.reset();
    if (i + kReopenedAtOnce > wanted) {
      directory.fd = std::move(fd);
      lowest_open_ = std::min(lowest_open_, i);
    } else {
      above = std::move(fd);
    }
  }
  return true;
}

}  // namespace cairn
