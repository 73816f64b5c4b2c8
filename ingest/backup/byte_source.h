// Where the bytes of a long file or a stream come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cairn {

// Bytes in order, with the holes between them.   Threads: one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Length of the hole that begins here, 0 if there is none; afterwards it has been passed.
  virtual uint64_t skip_hole() { return 0; }
  // At least one byte unless the end is reached; stops at a hole.
  virtual size_t read(std::span<uint8_t> into) = 0;
};

}  // namespace cairn
