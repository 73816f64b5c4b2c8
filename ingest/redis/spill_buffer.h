// Bytes that come in pieces and are read again later: in memory while they are few, then in a file (ingest/sort/spill_file.h).
//
// Memory:   1 MiB, and 256 KiB of a cursor.
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <span>

#include "ingest/sort/spill_file.h"
#include "store/bytes.h"

namespace cairn {

class SpillBuffer {
 public:
  // Returns the offset at which the bytes begin.   Errors: SpillFile's.
  uint64_t append(ByteView bytes);
  uint64_t size_bytes() const { return spilled_bytes_ + recent_.size(); }
  // Requires: what is read was appended.   Errors: SpillFile's.
  void read(uint64_t offset, std::span<uint8_t> into) const;

 private:
  static constexpr size_t kRecentBytes = 1 << 20;
  SpillFile file_;
  uint64_t spilled_bytes_ = 0;
  Bytes recent_;   // what isn't in the file
};

// Reads a SpillBuffer from its beginning on.   `buffer` must outlive it, and nothing may be appended meanwhile.
class SpillCursor {
 public:
  explicit SpillCursor(const SpillBuffer& buffer) : buffer_(buffer) {}
  uint64_t left_bytes() const { return buffer_.size_bytes() - at_ + (block_.size() - block_at_); }
  // The next bytes, `size` of them; valid until the next call.   Requires: as many are left.
  ByteView take(size_t size) {
    if (block_.size() - block_at_ < size) refill(size);
    block_at_ += size;
    return ByteView(block_).subspan(block_at_ - size, size);
  }
  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = take(1)[0];
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }

 private:
  static constexpr size_t kBlockBytes = 256 << 10;
  void refill(size_t size);
  const SpillBuffer& buffer_;
  uint64_t at_ = 0;       // behind the block
  Bytes block_;
  size_t block_at_ = 0;
};

}  // namespace cairn
