#include "ingest/backup/file_content.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ingest/tree/metadata.h"
#include "store/error.h"

namespace cairn {

void stat_open_file(int fd, struct ::statx& out) {
  if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &out) != 0) throw_errno("can't be examined");
}

FileContent::FileContent(int directory_fd, const std::string& name, Entry& entry) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  int fd = ::openat(directory_fd, name.c_str(), kFlags | O_NOATIME);
  if (fd < 0 && errno == EPERM) fd = ::openat(directory_fd, name.c_str(), kFlags);  // O_NOATIME is for owners
  if (fd < 0) throw_errno(errno == ENOENT ? "vanished before it could be read" : "can't be opened");
  fd_ = Fd(fd);
  struct ::statx facts;
  stat_open_file(fd, facts);
  Entry now;
  if (!capture(facts, now) || now.type != EntryType::kFile) throw Error(ErrorCode::kIo, "is no regular file any more");
  now.name = std::move(entry.name);
  entry = std::move(now);
  size_bytes_ = entry.size_bytes;
  // Few blocks may also mean compression; where nobody knows of holes, everything is data.
  if (facts.stx_blocks * 512 < size_bytes_) {
    const off_t hole = ::lseek(fd, 0, SEEK_HOLE);
    sparse_ = hole >= 0 && static_cast<uint64_t>(hole) < size_bytes_;
  }
}

uint64_t FileContent::skip_hole() {
  if (!sparse_ || offset_ < data_end_ || offset_ >= size_bytes_) return 0;
  off_t data = ::lseek(fd_.get(), static_cast<off_t>(offset_), SEEK_DATA);
  if (data < 0 && errno != ENXIO) {  // this file system doesn't tell: everything is data
    sparse_ = false;
    return 0;
  }
  uint64_t begin = data < 0 ? size_bytes_ : std::min<uint64_t>(static_cast<uint64_t>(data), size_bytes_);
  uint64_t hole = begin - offset_;
  offset_ = begin;
  if (begin >= size_bytes_) {
    data_end_ = size_bytes_;
    return hole;
  }
  off_t end = ::lseek(fd_.get(), static_cast<off_t>(begin), SEEK_HOLE);
  data_end_ = end < 0 ? size_bytes_ : std::min<uint64_t>(static_cast<uint64_t>(end), size_bytes_);
  return hole;
}

size_t FileContent::read(std::span<uint8_t> into) {
  uint64_t limit = sparse_ ? data_end_ : size_bytes_;
  size_t wanted = static_cast<size_t>(std::min<uint64_t>(into.size(), limit - std::min(limit, offset_)));
  if (wanted == 0) return 0;
  ssize_t got;
  do got = ::pread(fd_.get(), into.data(), wanted, static_cast<off_t>(offset_));
  while (got < 0 && errno == EINTR);
  if (got < 0) throw_errno("can't be read at byte " + std::to_string(offset_));
  offset_ += static_cast<uint64_t>(got);
  return static_cast<size_t>(got);
}

bool FileContent::changed_meanwhile(const Entry& entry) const {
  struct ::statx facts;
  stat_open_file(fd_.get(), facts);
  Entry now;
  capture(facts, now);
  return offset_ != size_bytes_ || now.size_bytes != size_bytes_ || now.mtime_ns != entry.mtime_ns || now.ctime_ns != entry.ctime_ns;
}

}  // namespace cairn
