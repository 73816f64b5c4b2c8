#include "ingest/redis/server/rdb_target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "ingest/redis/rdb_source.h"

namespace cairn {

namespace {

constexpr size_t kWriteBytes = 256 << 10;

}  // namespace

RdbTarget::RdbTarget(const std::string& file, bool replace, RdbFlavor flavor, int version, RestoreTally& tally)
    : file_(file), replace_(replace), tally_(tally), writer_(flavor, version, [this](ByteView bytes) { write(bytes); }) {
  const size_t slash = file.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : file.substr(0, slash + 1);
  name_ = file.substr(slash + 1);   // npos + 1 is 0
  if (!valid_entry_name(name_)) throw Error(ErrorCode::kInvalidArgument, printable(file) + ": is no name for a file");
  directory_ = Fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) throw_errno(printable(directory));
  require_free();
  RandomNames names;
  std::string name;
  fd_ = create_temporary_file(directory_.get(), names, &name);
  if (!fd_) throw_errno(printable(file));
  temporary_.emplace(directory_.get(), name);
}

void RdbTarget::require_free() const {
  struct ::stat there{};
  if (::fstatat(directory_.get(), name_.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (!S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode)) throw Error(ErrorCode::kInvalidArgument, printable(file_) + ": is no plain file");
  if (!replace_) throw Error(ErrorCode::kInvalidArgument, printable(file_) + ": is there already: --replace overwrites it");
}

void RdbTarget::write(ByteView bytes) {
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
  if (waiting_.size() >= kWriteBytes) flush();
}

// What the writer says before there is a file waits until then.
void RdbTarget::flush() {
  for (ByteView bytes = waiting_; !bytes.empty();) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(printable(file_));
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  waiting_.clear();
}

void RdbTarget::put(const SelectedKey& key, ByteView value) {
  writer_.key(key.db, key.name, key.type, key.expires_ms);
  writer_.value(value);
  tally_.restored(value.size());
}

void RdbTarget::begin(const SelectedKey& key) {
  part_ = redis_part_name(key.db, key.name);
  value_bytes_ = key.value.length_bytes;
  writer_.key(key.db, key.name, key.type, key.expires_ms);
}

void RdbTarget::break_off(const Error& why) { throw Error(why.code(), tally_.shown(part_) + ": " + why.what()); }

void RdbTarget::unreadable(const SelectedKey& key, const Error& why) {
  part_ = redis_part_name(key.db, key.name);
  break_off(why);
}

void RdbTarget::finish() {
  writer_.finish();
  flush();
  if (::fsync(fd_.get()) != 0) throw_errno(printable(file_));
  if (!temporary_->publish(name_, replace_)) {
    if (errno == EEXIST) require_free();
    throw_errno(printable(file_));
  }
  if (::fsync(directory_.get()) != 0) throw_errno(printable(file_));
}

}  // namespace cairn
