// A document's bytes on their way through: kept, dropped, or held until it is known.
//
// Memory:   what is held, and 64 KiB.   Threads: one thread at a time.
#pragma once

#include <functional>

#include "store/bytes.h"

namespace cairn {

class HeldBytes {
 public:
  // `write` must outlive this.
  explicit HeldBytes(const std::function<void(ByteView)>& write) : write_(write) { out_.reserve(kOutBytes); }

  // The next bytes of the document.
  void add(ByteView bytes);
  // Offset behind all bytes so far.
  uint64_t end() const { return base_ + bytes_.size(); }
  uint64_t held() const { return end() - at_; }

  // Bytes that are held, by their offsets in the document.   Requires: they lie between what was decided last and end().
  ByteView bytes(uint64_t begin, uint64_t end) const { return ByteView(bytes_).subspan(begin - base_, end - begin); }
  // Writes, or doesn't, what is held below `offset`.
  void keep_to(uint64_t offset);
  void drop_to(uint64_t offset) { at_ = offset; }
  // Writes other bytes.
  void put(ByteView bytes);
  // Writes what was gathered.
  void flush();
  uint64_t written() const { return written_; }

 private:
  static constexpr size_t kOutBytes = 64 << 10;
  const std::function<void(ByteView)>& write_;
  Bytes bytes_, out_;
  uint64_t base_ = 0;      // offset of bytes_
  uint64_t at_ = 0;        // below it everything is decided
  uint64_t written_ = 0;
};

}  // namespace cairn
