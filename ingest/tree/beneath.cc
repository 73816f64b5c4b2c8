#include "ingest/tree/beneath.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "store/tree/entry.h"

namespace cairn {

namespace {

constexpr int kDirectoryFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kMostCalls = 64;  // openat2 asks to be called again when a rename was under way

int open_at_once(int directory_fd, const std::string& path) {
  struct ::open_how how{};
  how.flags = kDirectoryFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  for (int i = 0; i < kMostCalls; ++i) {
    fd = ::syscall(SYS_openat2, directory_fd, path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return static_cast<int>(fd);
}

// How much of `path` one call may take: whole elements, and in the portable way just one.
size_t one_stretch(std::string_view path, bool portable) {
  if (!portable && path.size() < PATH_MAX) return path.size();
  size_t end = portable ? path.find('/') : path.rfind('/', PATH_MAX - 1);
  if (end == std::string_view::npos) end = path.find('/');  // one element too long for any file system: let the kernel say so
  return end == std::string_view::npos ? path.size() : end;
}

}  // namespace

bool valid_path(std::string_view path) {
  for (;;) {
    size_t end = path.find('/');
    if (!valid_entry_name(path.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    path.remove_prefix(end + 1);
  }
}

PathParts split_path(std::string_view path) {
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

Beneath::Beneath(Fd root, bool force_portable) : root_(std::move(root)), portable_(force_portable) {
  // Asked rather than derived from a version: sandboxes answer EPERM or ENOSYS for calls they don't know.
  if (!portable_) portable_ = Fd(open_at_once(root_.get(), ".")).get() < 0;
}

Fd Beneath::open_directory(std::string_view path) const {
  if (path.empty()) return Fd(::openat(root_.get(), ".", kDirectoryFlags));
  Fd reached(-1);
  while (!path.empty()) {
    std::string stretch(path.substr(0, one_stretch(path, portable_)));
    path.remove_prefix(std::min(path.size(), stretch.size() + 1));
    int from = reached.get() < 0 ? root_.get() : reached.get();
    // The stretches hold no "..", so being beneath the last one is being beneath the root.
    Fd next(portable_ ? ::openat(from, stretch.c_str(), kDirectoryFlags) : open_at_once(from, stretch));
    if (next.get() < 0) return next;
    reached = std::move(next);
  }
  return reached;
}

std::optional<FdCache::Pin> FdCache::find(std::string_view name) {
  std::lock_guard lock(mu_);
  auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  slots_.splice(slots_.begin(), slots_, found->second);
  ++found->second->users;
  return Pin(*this, found->second);
}

FdCache::Pin FdCache::insert(std::string_view name, Fd fd) {
  std::lock_guard lock(mu_);
  auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    slots_.emplace_front(std::string(name), std::move(fd));
    found = by_name_.emplace(slots_.front().name, slots_.begin()).first;
  }
  Position at = found->second;
  ++at->users;
  shrink();
  return Pin(*this, at);
}

void FdCache::forget(std::string_view name) {
  std::lock_guard lock(mu_);
  auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  Position at = found->second;
  by_name_.erase(found);
  at->forgotten = true;
  if (at->users == 0) slots_.erase(at);
}

void FdCache::unpin(Position at) {
  std::lock_guard lock(mu_);
  --at->users;
  if (at->users == 0 && at->forgotten) slots_.erase(at);
}

void FdCache::shrink() {
  for (auto at = slots_.end(); slots_.size() > capacity_ && at != slots_.begin();) {
    --at;
    if (at->users > 0) continue;
    by_name_.erase(at->name);
    at = slots_.erase(at);
  }
}

}  // namespace cairn
