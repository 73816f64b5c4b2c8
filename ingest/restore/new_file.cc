#include "ingest/restore/new_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kWriteBytes = 256 << 10;

}  // namespace

NewFile::NewFile(std::string path) : path_(std::move(path)) {
  const size_t slash = path_.rfind('/');
  name_ = path_.substr(slash + 1);   // npos + 1 is 0
  if (name_.empty() || name_ == "." || name_ == "..")
    throw Error(ErrorCode::kInvalidArgument, printable(path_) + ": is no name for a file");
  const std::string above = slash == path_.npos ? "." : path_.substr(0, slash + 1);
  directory_ = Fd(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) fail("its directory can't be opened");
  std::string temporary;
  file_ = create_temporary_file(directory_.get(), names_, &temporary);
  if (!file_) fail("can't be made");
  temporary_ = std::make_unique<Temporary>(directory_.get(), std::move(temporary));
}

void NewFile::fail(const std::string& what) const { throw_errno(printable(path_) + ": " + what); }

void NewFile::flush() {
  for (ByteView left = waiting_; !left.empty();) {
    const ssize_t put = ::write(file_.get(), left.data(), left.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail("can't be written");
    left = left.subspan(static_cast<size_t>(put));
  }
  waiting_.clear();
}

void NewFile::write(ByteView bytes) {
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
  if (waiting_.size() >= kWriteBytes) flush();
}

void NewFile::publish(bool replace) {
  flush();
  if (::fsync(file_.get()) != 0) fail("can't be made durable");
  if (!temporary_->publish(name_, replace)) {
    if (errno == EEXIST) throw Error(ErrorCode::kInvalidArgument, printable(path_) + ": is there already");
    fail("can't be named");
  }
  if (::fsync(directory_.get()) != 0) fail("its directory can't be made durable");
}

}  // namespace cairn
