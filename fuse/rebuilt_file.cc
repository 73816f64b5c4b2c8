#include "fuse/rebuilt_file.h"

namespace cairn {

RebuiltFile::RebuiltFile(std::unique_ptr<PartView> parts, PartFile file)
    : OpenedFile(file.entry.size_bytes), parts_(std::move(parts)), file_(std::move(file)), maker_([this] { make(); }) {}

RebuiltFile::~RebuiltFile() {
  {
    std::lock_guard lock(mu_);
    stop_ = true;
  }
  maker_.join();
}

void RebuiltFile::make() {
  std::exception_ptr error;
  try {
    parts_->write(file_, [&](ByteView bytes) {
      bytes_.append(bytes);
      std::lock_guard lock(mu_);
      if (stop_) throw Error(ErrorCode::kInterrupted, "nobody needs the file any more");
      made_bytes_ += bytes.size();
      more_.notify_all();
    });
  } catch (...) {
    error = std::current_exception();
  }
  std::lock_guard lock(mu_);
  error_ = error;
  whole_ = !error;
  more_.notify_all();
}

void RebuiltFile::read(ChunkReader&, uint64_t offset, std::span<uint8_t> out) {
  const uint64_t end = offset + out.size();
  {
    std::unique_lock lock(mu_);
    more_.wait(lock, [&] { return whole_ || error_ || (made_bytes_ >= end && end < size_bytes()); });
    if (error_ && (made_bytes_ < end || end == size_bytes())) std::rethrow_exception(error_);
  }
  bytes_.read(offset, out);
}

}  // namespace cairn
