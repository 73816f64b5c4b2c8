#include "store/backend/s3/body.h"

#include <fcntl.h>

#include <filesystem>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostHeldBytes = 256 << 10;

// A file without a name: it is gone whatever happens to us.
Fd unnamed_file(const std::string& folder) {
  std::error_code ignored;   // opening says it
  std::filesystem::create_directories(folder, ignored);
  Fd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  std::string pattern = folder + "/upload-XXXXXX";   // file systems without O_TMPFILE
  file = Fd(::mkostemp(pattern.data(), O_CLOEXEC));
  if (!file) throw_errno("a temporary file for uploads in " + folder);
  ::unlink(pattern.c_str());
  return file;
}

}  // namespace

void S3Body::append(ByteView bytes) {
  digest_.update(bytes);
  size_bytes_ += bytes.size();
  if (!file_ && held_.size() + bytes.size() <= kMostHeldBytes) {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    return;
  }
  if (!file_) {
    file_ = unnamed_file(folder_);
    spool(held_);
    held_ = {};
  }
  spool(bytes);
}

void S3Body::spool(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file_.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) throw_errno("a temporary file for uploads in " + folder_);
    bytes = bytes.subspan(static_cast<size_t>(wrote));
  }
}

void S3Body::finish() { std::tie(sha256_, md5_) = digest_.finish(); }

size_t S3Body::read(uint64_t offset, std::span<uint8_t> out) const {
  if (offset >= size_bytes_) return 0;
  const size_t wanted = static_cast<size_t>(std::min<uint64_t>(out.size(), size_bytes_ - offset));
  if (!file_) {
    std::memcpy(out.data(), held_.data() + offset, wanted);
    return wanted;
  }
  size_t got = 0;
  while (got < wanted) {
    const ssize_t n = ::pread(file_.get(), out.data() + got, wanted - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno("a temporary file for uploads in " + folder_);
    if (n == 0) throw Error(ErrorCode::kIo, "a temporary file for uploads in " + folder_ + ": somebody cut it short");
    got += static_cast<size_t>(n);
  }
  return got;
}

}  // namespace cairn
