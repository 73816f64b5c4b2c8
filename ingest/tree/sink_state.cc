#include "ingest/tree/sink_state.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace cairn {

namespace {

// Asks once a directory what new files there start with; `fd` is one, just created.
void ask(const Spot& spot, int fd, NewFiles& facts) {
  struct ::stat directory{}, file{};
  char names[256];  // more than fits is an inherited attribute anyhow
  if (::fstat(spot.fd(), &directory) == 0 && ::fstat(fd, &file) == 0) {
    ssize_t size = ::flistxattr(fd, names, sizeof names);
    bool inherits = size < 0 && errno != ENOTSUP;
    for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(std::strlen(names + at)) + 1)
      inherits = inherits || std::strncmp(names + at, "security.", 9) != 0;  // labels stay, see apply()
    facts.inherits_xattrs = inherits;
    facts.uid = file.st_uid;
    facts.gid = file.st_gid;
    facts.reliable = directory.st_uid == ::geteuid();
  }
  facts.asked = true;
}

}  // namespace

std::optional<struct ::stat> examine(const Spot& spot, const std::string& path) {
  struct ::stat now{};
  if (::fstatat(spot.fd(), spot.name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0) return now;
  if (errno != ENOENT) fail(path, "cannot examine");
  return std::nullopt;
}

std::optional<FdCache::Pin> TreeSink::State::try_directory(std::string_view directory) {
  if (auto pin = directories.find(directory)) return pin;
  Fd fd = beneath.open_directory(directory);
  if (fd.get() < 0) return std::nullopt;
  return directories.insert(directory, std::move(fd));
}

FdCache::Pin TreeSink::State::open_directory(std::string_view directory, std::string_view path) {
  auto pin = try_directory(directory);
  if (!pin) fail(path, "cannot open its directory without following links");
  return std::move(*pin);
}

Spot TreeSink::State::locate(const std::string& path) {
  if (!valid_path(path)) refuse(path, "not a path beneath the target");
  PathParts parts = split_path(path);
  return {open_directory(parts.directory, path), std::string(parts.name)};
}

Fd TreeSink::State::create(const Spot& spot, const std::string& path, std::string* name) {
  Fd fd = create_temporary_file(spot.fd(), names, name);
  if (fd.get() < 0) fail(path, "cannot create a temporary file beside it");
  return fd;
}

ApplyOptions TreeSink::State::options_for(const Spot& spot, int fd, const Entry& entry) {
  NewFiles& facts = spot.directory.new_files();
  if (!facts.asked) ask(spot, fd, facts);
  ApplyOptions chosen = options;
  if (!facts.reliable) return chosen;
  if (facts.uid == entry.uid && facts.gid == entry.gid) chosen.owner = false;
  chosen.look_for_inherited = facts.inherits_xattrs;
  return chosen;
}

void TreeSink::State::publish(const Spot& spot, Temporary& temporary, const std::string& path) {
  if (temporary.publish(spot.name, overwrite != Overwrite::kNever)) return;
  if (errno == EISDIR) refuse(path, "a directory is in the way", ErrorCode::kIo);
  fail(path, "cannot put it in its place");
}

// A normal user can't write into a directory of theirs without these bits; finish_directory puts them right.
void TreeSink::State::take_directory(const Spot& spot, const std::string& path, const struct ::stat& now) {
  if (::geteuid() != 0 && now.st_uid == ::geteuid() && (now.st_mode & S_IRWXU) != S_IRWXU &&
      ::fchmodat(spot.fd(), spot.name.c_str(), (now.st_mode & 07777) | S_IRWXU, AT_SYMLINK_NOFOLLOW) != 0)
    fail(path, "cannot make the directory writable");
  if (overwrite != Overwrite::kNever) return;
  std::lock_guard lock(mu);
  untouched.insert(path);
}

Begun TreeSink::State::find_begun(const std::string& path, const std::string& temporary) {
  std::lock_guard lock(mu);
  auto found = begun.find(temporary);
  if (found == begun.end() || found->second.directory != split_path(path).directory) refuse(path, "not begun");
  return found->second;
}

FdCache::Pin TreeSink::State::open_temporary(const std::string& path, const std::string& temporary, const Begun& file) {
  if (auto pin = temporaries.find(temporary)) return std::move(*pin);
  FdCache::Pin directory = open_directory(file.directory, path);
  Fd fd(::openat(directory.fd(), temporary.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct ::stat now{};
  if (fd.get() < 0 || ::fstat(fd.get(), &now) != 0) fail(path, "cannot open its temporary file");
  if (now.st_dev != file.device || now.st_ino != file.inode) refuse(path, "its temporary file was replaced", ErrorCode::kIo);
  return temporaries.insert(temporary, std::move(fd));
}

}  // namespace cairn
