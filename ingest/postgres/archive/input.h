// Bytes that come, with a look ahead, and the hash of all that passed.
//
// Threads:  one thread at a time.
#pragma once

#include <algorithm>
#include <functional>
#include <span>

#include "store/bytes.h"
#include "store/crypto/blake3.h"

namespace cairn {

class Input {
 public:
  using Read = std::function<size_t(std::span<uint8_t>)>;
  explicit Input(Read read) : read_(std::move(read)), buffer_(kBufferBytes) {}

  static constexpr size_t kMostPeekBytes = 64 << 10;

  // All that is buffered: at least `size` bytes (≤ kMostPeekBytes) unless the end is nearer.
  ByteView peek(size_t size) {
    while (end_ - begin_ < size && !ended_) fill();
    return {buffer_.data() + begin_, end_ - begin_};
  }
  // Requires: no more than peek() gave.
  void skip(size_t size) { begin_ += size; }
  // Of all that came so far, whether skipped or not.
  uint64_t size_bytes() const { return size_; }
  Blake3Hash hash() const { return hash_.finish(); }

 private:
  static constexpr size_t kBufferBytes = 512 << 10;

  void fill() {
    if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    const size_t got = read_(buffer_.span().subspan(end_));
    hash_.update({buffer_.data() + end_, got});
    size_ += got;
    end_ += got;
    ended_ = got == 0;
  }
  Read read_;
  Buffer buffer_;
  size_t begin_ = 0, end_ = 0;
  bool ended_ = false;
  uint64_t size_ = 0;
  Blake3 hash_;
};

}  // namespace cairn
