#include "ingest/tree/sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <system_error>

#include "ingest/tree/sink_state.h"

namespace cairn {

namespace {

constexpr mode_t kPrivateFile = 0600, kPrivateDirectory = 0700;

// False: it was left out, being zeros.
bool write_piece_to(int fd, const std::string& path, const Piece& piece, uint64_t size_bytes) {
  if (piece.offset_bytes > size_bytes || piece.bytes.size() > size_bytes - piece.offset_bytes)
    refuse(path, "content beyond the size of the file", ErrorCode::kCorrupt);
  Written written = write_unless_zeros(fd, piece.offset_bytes, piece.bytes);
  if (written == Written::kFailed) fail(path, "cannot write");
  return written == Written::kYes;
}

void set_size(int fd, const std::string& path, uint64_t size_bytes) {
  if (::ftruncate(fd, static_cast<off_t>(size_bytes)) != 0) fail(path, "cannot set size");
}

void check_file(const std::string& path, const Entry& entry) {
  if (entry.type != EntryType::kFile) refuse(path, "not a file");
  if (entry.size_bytes > static_cast<uint64_t>(std::numeric_limits<off_t>::max())) refuse(path, "too large", ErrorCode::kCorrupt);
}

// Its parents as anybody makes directories, itself for us alone until finish_directory.
Fd open_target(const std::string& target) {
  std::string path = target;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  if (path.empty() || path.find('\0') != std::string::npos) refuse(target, "not a directory to restore to");
  std::error_code code;
  std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, code);
  if (code) throw errno_error(code.value(), printable(parent.native()) + ": cannot create directory");
  if (::mkdir(path.c_str(), kPrivateDirectory) != 0 && errno != EEXIST) fail(path, "cannot create directory");
  Fd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));  // follows links: that name is the user's own word
  if (fd.get() < 0) fail(path, "cannot open directory");
  return fd;
}

bool same_target(const Spot& spot, const std::string& target) {
  std::string now(target.size() + 1, '\0');  // one more, to see a longer one
  ssize_t size = ::readlinkat(spot.fd(), spot.name.c_str(), now.data(), now.size());
  return size == static_cast<ssize_t>(target.size()) && now.compare(0, target.size(), target) == 0;
}

// Nothing a rewrite would change.  Requires: same type.
bool unchanged(const Spot& spot, const struct ::stat& now, const Entry& entry) {
  int64_t mtime_ns = 0;
  switch (entry.type) {
    case EntryType::kFile:
      return static_cast<uint64_t>(now.st_size) == entry.size_bytes &&
             !__builtin_mul_overflow(now.st_mtim.tv_sec, int64_t{1'000'000'000}, &mtime_ns) &&
             !__builtin_add_overflow(mtime_ns, now.st_mtim.tv_nsec, &mtime_ns) && mtime_ns == entry.mtime_ns;
    case EntryType::kSymlink: return same_target(spot, entry.target);
    case EntryType::kCharDevice:
    case EntryType::kBlockDevice: return now.st_rdev == entry.device;
    case EntryType::kFifo: return true;
    case EntryType::kDirectory: return false;  // its metadata is set anyway
  }
  return false;
}

}  // namespace

TreeSink::TreeSink(const std::string& target, Overwrite overwrite, const ApplyOptions& apply, Monitor& monitor,
                   bool force_portable)
    : state_(std::make_unique<State>(open_target(target), overwrite, apply, monitor, force_portable)) {}

TreeSink::~TreeSink() {
  for (const auto& [temporary, file] : state_->begun)
    if (auto pin = state_->try_directory(file.directory)) ::unlinkat(pin->fd(), temporary.c_str(), 0);
}

void TreeSink::make_directory(const std::string& path) {
  if (path.empty()) return;  // the target itself
  Spot spot = state_->locate(path);
  state_->directories.forget(path);  // what had that name may be gone since
  for (int i = 0; i < kMostTries; ++i) {
    if (::mkdirat(spot.fd(), spot.name.c_str(), kPrivateDirectory) == 0) return;
    if (errno != EEXIST) break;
    auto now = examine(spot, path);
    if (now && S_ISDIR(now->st_mode)) return state_->take_directory(spot, path, *now);
    if (now && state_->overwrite == Overwrite::kNever)
      refuse(path, S_ISLNK(now->st_mode) ? "a symlink is in the way of a directory" : "a file is in the way of a directory",
             ErrorCode::kIo);
    if (now && ::unlinkat(spot.fd(), spot.name.c_str(), 0) != 0 && errno != ENOENT) break;
  }
  fail(path, "cannot create directory");
}

bool TreeSink::wanted(const std::string& path, const Entry& entry) {
  if (valid_path(path) && !state_->try_directory(split_path(path).directory) && errno == ENOENT) return true;  // a dry run
  Spot spot = state_->locate(path);
  auto now = examine(spot, path);
  if (!now) return true;
  bool same_type = (now->st_mode & S_IFMT) == file_type(entry.type);
  if (S_ISDIR(now->st_mode) && !same_type) refuse(path, "a directory is in the way", ErrorCode::kIo);
  switch (state_->overwrite) {
    case Overwrite::kAlways: return true;
    case Overwrite::kNever: return false;
    case Overwrite::kChanged: return !same_type || !unchanged(spot, *now, entry);
  }
  return true;
}

void TreeSink::write_file(const std::string& path, const Entry& entry, std::span<const Piece> pieces) {
  check_file(path, entry);
  Spot spot = state_->locate(path);
  std::string name;
  Fd fd = state_->create(spot, path, &name);
  Temporary temporary(spot.fd(), name);
  uint64_t end = 0;
  for (const Piece& piece : pieces)
    if (write_piece_to(fd.get(), path, piece, entry.size_bytes))
      end = std::max(end, piece.offset_bytes + piece.bytes.size());
  if (end < entry.size_bytes) set_size(fd.get(), path, entry.size_bytes);
  apply(fd.get(), entry, state_->options_for(spot, fd.get(), entry), state_->report);
  state_->publish(spot, temporary, path);
}

std::string TreeSink::begin_file(const std::string& path, const Entry& entry) {
  check_file(path, entry);
  Spot spot = state_->locate(path);
  std::string name;
  Fd fd = state_->create(spot, path, &name);
  Temporary temporary(spot.fd(), name);
  set_size(fd.get(), path, entry.size_bytes);
  struct ::stat now{};
  if (::fstat(fd.get(), &now) != 0) fail(path, "cannot examine its temporary file");
  {
    std::lock_guard lock(state_->mu);
    Begun file{std::string(split_path(path).directory), now.st_dev, now.st_ino, entry.size_bytes};
    if (!state_->begun.emplace(temporary.name(), file).second) refuse(path, "random names repeat", ErrorCode::kIo);
  }
  temporary.keep();
  state_->temporaries.insert(temporary.name(), std::move(fd));
  return temporary.name();
}

void TreeSink::write_piece(const std::string& path, const std::string& temporary, const Piece& piece) {
  Begun file = state_->find_begun(path, temporary);
  FdCache::Pin pin = state_->open_temporary(path, temporary, file);
  write_piece_to(pin.fd(), path, piece, file.size_bytes);
}

void TreeSink::finish_file(const std::string& path, const std::string& temporary, const Entry& entry) {
  Begun file = state_->find_begun(path, temporary);
  FdCache::Pin pin = state_->open_temporary(path, temporary, file);
  Spot spot = state_->locate(path);
  Temporary name(spot.fd(), temporary);
  {
    std::lock_guard lock(state_->mu);
    state_->begun.erase(temporary);
  }
  state_->temporaries.forget(temporary);
  apply(pin.fd(), entry, state_->options, state_->report);
  state_->publish(spot, name, path);
}

void TreeSink::abandon_file(const std::string&, const std::string& temporary) noexcept {
  std::string directory;
  {
    std::lock_guard lock(state_->mu);
    auto found = state_->begun.find(temporary);
    if (found == state_->begun.end()) return;  // finished, or failed to and removed
    directory = found->second.directory;
    state_->begun.erase(found);
  }
  state_->temporaries.forget(temporary);
  if (auto pin = state_->try_directory(directory)) ::unlinkat(pin->fd(), temporary.c_str(), 0);
}

void TreeSink::make_symlink(const std::string& path, const Entry& entry) {
  if (entry.type != EntryType::kSymlink || entry.target.empty() || entry.target.find('\0') != std::string::npos)
    refuse(path, "not a symlink");
  bool made = state_->place(path, entry, [&](int directory_fd, const char* name) {
    return ::symlinkat(entry.target.c_str(), directory_fd, name);
  });
  if (!made) refuse(path, "cannot create it: this file system has no symlinks", ErrorCode::kUnsupported);
}

void TreeSink::make_special(const std::string& path, const Entry& entry) {
  bool device = entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice;
  if (!device && entry.type != EntryType::kFifo) refuse(path, "not a fifo or device");
  bool made = (!device || state_->options.privileged) && state_->place(path, entry, [&](int directory_fd, const char* name) {
    return ::mknodat(directory_fd, name, file_type(entry.type) | kPrivateFile, device ? entry.device : 0);
  });
  if (!made) ++state_->report.devices;
}

void TreeSink::make_hard_link(const std::string& path, const std::string& existing) {
  Spot from = state_->locate(existing), to = state_->locate(path);
  auto link_as = [&](const char* name) { return ::linkat(from.fd(), from.name.c_str(), to.fd(), name, 0); };
  if (link_as(to.name.c_str()) == 0) return;
  if (errno != EEXIST || state_->overwrite == Overwrite::kNever) fail(path, "cannot link it to " + printable(existing));
  auto source = examine(from, existing), now = examine(to, path);
  if (source && now && source->st_dev == now->st_dev && source->st_ino == now->st_ino) return;
  std::string name = state_->names.next();
  if (link_as(name.c_str()) != 0) fail(path, "cannot link it to " + printable(existing));
  Temporary temporary(to.fd(), name);
  state_->publish(to, temporary, path);
  ::unlinkat(to.fd(), name.c_str(), 0);  // rename leaves both names should they lead to one file by now
}

void TreeSink::finish_directory(const std::string& path, const Entry& entry) {
  if (!path.empty() && !valid_path(path)) refuse(path, "not a path beneath the target");
  {
    std::lock_guard lock(state_->mu);
    if (state_->untouched.count(path) != 0) return;
  }
  {
    FdCache::Pin pin = state_->open_directory(path, path);
    Fd fd(::openat(pin.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));  // the pin is an O_PATH one: not fit for fchown
    if (fd.get() < 0) fail(path, "cannot open directory");
    apply(fd.get(), entry, state_->options, state_->report);
  }
  state_->directories.forget(path);  // its owner may change what new files there inherit
}

int TreeSink::open_for_reading(const std::string& path) {
  Spot spot = state_->locate(path);
  Fd fd(::openat(spot.fd(), spot.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));  // never waits for a fifo
  struct ::stat now{};
  if (fd.get() < 0 || ::fstat(fd.get(), &now) != 0) fail(path, "cannot open");
  if (!S_ISREG(now.st_mode)) refuse(path, "not a file any more", ErrorCode::kIo);
  return fd.release();
}

void TreeSink::report_unset() {
  std::string unset;
  auto add = [&](std::atomic<uint64_t>& count, const std::string& what) {
    uint64_t n = count.exchange(0);
    if (n > 0) unset += (unset.empty() ? "" : ", ") + std::to_string(n) + " " + what;
  };
  add(state_->report.owners, "owners");
  add(state_->report.modes, "setuid, setgid or sticky bits");
  add(state_->report.xattrs, "extended attributes");
  add(state_->report.devices, "device nodes");
  if (!unset.empty()) state_->monitor.warning("not set for lack of rights or support: " + unset);
}

}  // namespace cairn
