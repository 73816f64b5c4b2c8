#include "store/backend/local_upload.h"

#include <dirent.h>
#include <sys/random.h>

#include <array>
#include <cassert>

#include "store/error.h"
#include "store/id.h"

namespace cairn {

namespace {

constexpr uint64_t kWriteOutBytes = 4ULL << 20;  // start write-out this often, so that the final fdatasync is short
constexpr size_t kCompareBytes = 64 << 10;
constexpr int64_t kStaleSeconds = 24 * 60 * 60;  // an upload takes minutes; a day leaves room for a suspended machine
constexpr int kMostAttempts = 10;                // to publish while somebody else keeps creating and removing the name

std::string random_leaf() {
  std::array<uint8_t, 16> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) throw_errno("getrandom");
  return to_hex(bytes);
}

bool same_bytes(int a, int b, const std::string& path) {
  if (stored_status(a, path).st_size != stored_status(b, path).st_size) return false;
  Buffer ours(kCompareBytes), theirs(kCompareBytes);
  for (uint64_t offset = 0;; offset += kCompareBytes) {
    size_t got = read_stored(a, offset, ours.span(), path);
    if (read_stored(b, offset, theirs.span(), path) != got || std::memcmp(ours.data(), theirs.data(), got) != 0) return false;
    if (got < kCompareBytes) return true;
  }
}

}  // namespace

LocalUpload::LocalUpload(LocalRoot& root, std::string_view name)
    : root_(root), name_(name), path_(root.path(name)), temporaries_(root.make(kTemporaryFolder)), leaf_(random_leaf()) {
  fd_ = Fd(::openat(temporaries_.get(), leaf_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd_) throw_write_errno(path_);
}

void LocalUpload::append(ByteView bytes) {
  assert(fd_);
  while (!bytes.empty()) {
    ssize_t wrote = ::write(fd_.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail();
    bytes = bytes.subspan(static_cast<size_t>(wrote));
    size_bytes_ += static_cast<uint64_t>(wrote);
  }
  if (size_bytes_ - started_bytes_ < kWriteOutBytes) return;
  // A hint: file systems without it say so; what really got lost is what fdatasync reports.
  auto from = static_cast<off_t>(started_bytes_), length = static_cast<off_t>(size_bytes_ - started_bytes_);
  static_cast<void>(::sync_file_range(fd_.get(), from, length, SYNC_FILE_RANGE_WRITE));
  started_bytes_ = size_bytes_;
}

void LocalUpload::commit() {
  assert(fd_);
  if (::fdatasync(fd_.get()) != 0) fail();
  static_cast<void>(::fchmod(fd_.get(), 0444));  // a reminder for people; file systems without modes may refuse
  Fd folder = root_.make(folder_of(name_));
  publish(folder.get());
  abandon();
  sync_folder(folder.get(), path_);
}

// Somebody else may be doing the same, so failures don't matter.
void LocalUpload::sweep() {
  struct stat own;
  if (::fstat(fd_.get(), &own) != 0) return;
  Fd again(::openat(temporaries_.get(), ".", kFolderFlags));
  std::unique_ptr<DIR, int (*)(DIR*)> folder(again ? ::fdopendir(again.get()) : nullptr, ::closedir);
  if (!folder) return;
  again.release();
  while (const dirent* entry = ::readdir(folder.get())) {
    struct stat status;
    if (::fstatat(temporaries_.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    bool stale = S_ISREG(status.st_mode) && own.st_mtim.tv_sec - status.st_mtim.tv_sec > kStaleSeconds;
    if (stale) ::unlinkat(temporaries_.get(), entry->d_name, 0);
  }
}

// Gives the temporary its name, or finds that name with equal bytes.
void LocalUpload::publish(int folder) {
  std::string leaf = leaf_of(name_);
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    if (named(folder, leaf.c_str())) return;
    Fd existing = open_stored(folder, leaf);
    if (!existing && errno == ENOENT) continue;  // removed a moment ago
    if (!existing) throw_write_errno(path_);
    if (!same_bytes(fd_.get(), existing.get(), path_)) throw Error(ErrorCode::kIo, path_ + ": exists with other content");
    if (::fdatasync(existing.get()) != 0) throw_write_errno(path_);  // whoever wrote it may not have got that far
    return;
  }
  throw Error(ErrorCode::kIo, path_ + ": appears and disappears");
}

// False if the name is taken.
bool LocalUpload::named(int folder, const char* leaf) {
  if (::renameat2(temporaries_.get(), leaf_.c_str(), folder, leaf, RENAME_NOREPLACE) == 0) {
    leaf_.clear();
    return true;
  }
  bool lacks_noreplace = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;  // NFS, some FUSE
  if (lacks_noreplace && ::linkat(temporaries_.get(), leaf_.c_str(), folder, leaf, 0) == 0) return true;
  if (errno != EEXIST) fail();
  return false;
}

void LocalUpload::fail() {
  int kept = errno;
  abandon();
  errno = kept;
  throw_write_errno(path_);
}

void LocalUpload::abandon() {
  if (!leaf_.empty()) ::unlinkat(temporaries_.get(), leaf_.c_str(), 0);
  leaf_.clear();
  fd_.reset();
}

}  // namespace cairn
