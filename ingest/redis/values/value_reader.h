// Reads the bytes of a value in an RDB: lengths and strings, and through bytes() what else there is.
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/coding.h"

namespace cairn {

class ValueReader {
 public:
  // The bytes must outlive the reader.   Errors (of all): kCorrupt.
  explicit ValueReader(ByteView value) : value_(value), in_(value, "value") {}

  uint64_t length();
  // A string as it is, or decoded (an integer, LZF) into `scratch`: valid until that changes.   A compressed one that claims more than
  // 512 MiB, or more than LZF can say with its bytes, is refused before anything is allocated.
  std::string_view string(std::string& scratch);
  // A string's bytes as they stand, for another reader's string(): it may be much longer decoded.
  ByteView encoded_string();
  int64_t milliseconds() { return static_cast<int64_t>(in_.u64()); }

  Decoder& bytes() { return in_; }

 private:
  struct Length {
    uint64_t value;
    bool special;   // not a length: how a string is encoded
  };
  Length any_length();
  int64_t integer(uint64_t encoding);
  void expand(std::string& into);

  const ByteView value_;
  Decoder in_;
};

}  // namespace cairn
