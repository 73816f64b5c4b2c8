#include "ingest/redis/spill_buffer.h"

#include <algorithm>

namespace cairn {

uint64_t SpillBuffer::append(ByteView bytes) {
  const uint64_t begin = size_bytes();
  if (recent_.size() + bytes.size() > kRecentBytes) {
    if (!recent_.empty()) file_.append(recent_);
    spilled_bytes_ += recent_.size();
    recent_.clear();
    if (bytes.size() >= kRecentBytes / 4) {
      file_.append(bytes);
      spilled_bytes_ += bytes.size();
      return begin;
    }
  }
  recent_.insert(recent_.end(), bytes.begin(), bytes.end());
  return begin;
}

void SpillBuffer::read(uint64_t offset, std::span<uint8_t> into) const {
  if (offset < spilled_bytes_) {
    const size_t size = static_cast<size_t>(std::min<uint64_t>(into.size(), spilled_bytes_ - offset));
    file_.read(offset, into.first(size));
    offset += size;
    into = into.subspan(size);
  }
  if (!into.empty()) std::memcpy(into.data(), recent_.data() + (offset - spilled_bytes_), into.size());
}

// Until `size` bytes are in the block.
void SpillCursor::refill(size_t size) {
  block_.erase(block_.begin(), block_.begin() + static_cast<ptrdiff_t>(block_at_));
  block_at_ = 0;
  const size_t have = block_.size();
  const uint64_t more = std::min<uint64_t>(buffer_.size_bytes() - at_, std::max(kBlockBytes, size - have));
  block_.resize(have + static_cast<size_t>(more));
  buffer_.read(at_, std::span(block_).subspan(have));
  at_ += more;
}

}  // namespace cairn
