// Reads an intset: 4 bytes how long an integer is (2, 4 or 8), 4 bytes how many there are, the integers.
// Threads:  one thread at a time.
// Source:   intset.c of Redis (as facts).
#pragma once

#include "store/coding.h"

namespace cairn {

class IntsetReader {
 public:
  // The bytes must outlive the reader.   Errors: kCorrupt.
  explicit IntsetReader(ByteView bytes);
  // False: that was all.
  bool next(int64_t& value);

 private:
  Decoder in_;
  uint32_t width_;
};

}  // namespace cairn
