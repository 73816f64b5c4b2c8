// Reads a zipmap, what small hashes were before Redis 2.6: 1 byte its pairs (254, 255: not known), pairs, 0xff.   A pair is a length and
// the field, a length, how many bytes behind the value are unused, and the value.
//
// Threads:  one thread at a time.
// Source:   zipmap.c of Redis (as facts).
#pragma once

#include <string_view>

#include "store/coding.h"

namespace cairn {

class ZipmapReader {
 public:
  // The bytes must outlive the reader and what it hands out.   Errors (of both): kCorrupt.
  explicit ZipmapReader(ByteView bytes);
  // False: that was all.
  bool next(std::string_view& field, std::string_view& value);

 private:
  size_t length(uint8_t first);

  Decoder in_;
  uint8_t counted_;
  uint64_t seen_ = 0;
  bool ended_ = false;
};

}  // namespace cairn
