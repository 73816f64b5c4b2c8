// Reads a listpack: 4 bytes its length, 2 bytes its elements (65535: not known), elements, 0xff.   An element is its encoding and bytes,
// and its own length in 7-bit groups for who reads backwards.
//
// Threads:  one thread at a time.
// Source:   listpack.c of Redis 7 (as facts).
#pragma once

#include "ingest/redis/values/packed_element.h"
#include "store/coding.h"

namespace cairn {

class ListpackReader {
 public:
  // The bytes must outlive the reader and its elements.   Errors (of both): kCorrupt, also when lengths and counts disagree.
  explicit ListpackReader(ByteView bytes);
  // False: that was all.
  bool next(PackedElement& element);

 private:
  PackedElement element(uint8_t encoding);
  void pass_length(size_t element_bytes);

  Decoder in_;
  uint16_t counted_;
  uint64_t seen_ = 0;
  bool ended_ = false;
};

}  // namespace cairn
