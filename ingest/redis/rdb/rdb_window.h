// The part of a stream that is being looked at, in one piece, and the checksum of what went by.
//
// Memory:   2 MiB; more only while something longer must be seen whole.
// Threads:  one thread at a time.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

#include "ingest/redis/rdb/crc64.h"
#include "store/bytes.h"

namespace cairn::rdb {

class Window {
 public:
  explicit Window(std::function<size_t(std::span<uint8_t>)> read) : read_(std::move(read)), bytes_(kFirstBytes) {}

  const uint8_t* begin() const { return bytes_.data() + begin_; }
  const uint8_t* end() const { return bytes_.data() + end_; }
  bool empty() const { return begin_ == end_; }
  // Of begin(), in the stream.
  uint64_t offset() const { return base_ + begin_; }
  uint64_t end_offset() const { return base_ + end_; }
  bool ended() const { return ended_; }

  // `to` is the new begin().
  void pass(const uint8_t* to) { begin_ = static_cast<size_t>(to - bytes_.data()); }
  // Reads until it is full or the stream ends; all pointers into it change.  False when nothing came.   Errors: what reading throws.
  bool fill() {
    if (ended_) return false;
    checksum();
    make_room();
    const size_t before = end_;
    while (end_ < bytes_.size() && !ended_) {
      const size_t got = read_(bytes_.span().subspan(end_));
      ended_ = got == 0;
      end_ += got;
    }
    return end_ > before;
  }
  // Of everything before begin().
  uint64_t checksum() {
    crc_ = crc64(crc_, {bytes_.data() + hashed_, begin_ - hashed_});
    hashed_ = begin_;
    return crc_;
  }

 private:
  static constexpr size_t kFirstBytes = size_t{64} << 10;   // many files are no longer
  static constexpr size_t kBytes = size_t{2} << 20;

  void make_room() {
    if (begin_ > 0) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
      base_ += begin_;
      end_ -= begin_;
      begin_ = hashed_ = 0;
    }
    const bool small = base_ > 0 && bytes_.size() < kBytes;
    if (!small && end_ < bytes_.size()) return;
    Buffer larger(std::max(kBytes, 2 * bytes_.size()));
    std::memcpy(larger.data(), bytes_.data(), end_);
    bytes_ = std::move(larger);
  }

  std::function<size_t(std::span<uint8_t>)> read_;
  Buffer bytes_;
  size_t begin_ = 0, end_ = 0;
  size_t hashed_ = 0;   // ≤ begin_
  uint64_t base_ = 0, crc_ = 0;
  bool ended_ = false;
};

}  // namespace cairn::rdb
