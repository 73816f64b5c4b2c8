// Reads a ziplist, what lists, hashes and sorted sets were packed into up to Redis 6.2: 4 bytes its length, 4 bytes where the last element
// is, 2 bytes its elements (65535: not known), elements, 0xff.   An element is the length of the one before, its encoding, its bytes.
//
// Threads:  one thread at a time.
// Source:   ziplist.c of Redis 6 (as facts).
#pragma once

#include "ingest/redis/values/packed_element.h"
#include "store/coding.h"

namespace cairn {

class ZiplistReader {
 public:
  // The bytes must outlive the reader and its elements.   Errors (of both): kCorrupt, also when lengths and counts disagree.
  explicit ZiplistReader(ByteView bytes);
  // False: that was all.
  bool next(PackedElement& element);

 private:
  PackedElement element();
  PackedElement integer(uint8_t encoding);
  void end();

  Decoder in_;
  uint32_t last_;
  uint16_t counted_;
  size_t last_seen_;            // where the last element begins
  size_t last_seen_bytes_ = 0;
  uint64_t seen_ = 0;
  bool ended_ = false;
};

}  // namespace cairn
