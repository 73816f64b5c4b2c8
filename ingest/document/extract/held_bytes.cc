#include "ingest/document/extract/held_bytes.h"

namespace cairn {

void HeldBytes::add(ByteView bytes) {
  const size_t decided = static_cast<size_t>(at_ - base_);
  if (decided > bytes_.size() / 2) {   // what is moved is less than what was decided
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(decided));
    base_ = at_;
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void HeldBytes::keep_to(uint64_t offset) {
  put(bytes(at_, offset));
  at_ = offset;
}

void HeldBytes::put(ByteView bytes) {
  written_ += bytes.size();
  if (out_.size() + bytes.size() > kOutBytes) flush();
  if (bytes.size() >= kOutBytes) {
    write_(bytes);
  } else {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
}

void HeldBytes::flush() {
  if (!out_.empty()) write_(out_);
  out_.clear();
}

}  // namespace cairn
