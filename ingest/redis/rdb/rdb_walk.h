// Passing over what an RDB file holds, without decoding it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "store/bytes.h"

namespace cairn::rdb {

enum class Walk : uint8_t {
  kDone,
  kMore,   // the bytes end within it
  kBad,    // nothing can begin so
};

// The byte of a length says how it goes on.
inline constexpr uint8_t kLength32 = 0x80, kLength64 = 0x81, kSpecial = 0xc0;

template <class Int>
Int load(const uint8_t* from) {
  Int value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Moves `p` behind a length if it is there.
inline Walk length(const uint8_t*& p, const uint8_t* end, uint64_t& value) {
  if (p == end) return Walk::kMore;
  const uint8_t first = *p;
  if (first < 0x40) {
    value = first;
    ++p;
    return Walk::kDone;
  }
  const auto left = static_cast<size_t>(end - p);
  if (first < 0x80) {
    if (left < 2) return Walk::kMore;
    value = static_cast<uint64_t>(first & 0x3f) << 8 | p[1];
    p += 2;
    return Walk::kDone;
  }
  if (first == kLength32) {
    if (left < 5) return Walk::kMore;
    value = __builtin_bswap32(load<uint32_t>(p + 1));
    p += 5;
    return Walk::kDone;
  }
  if (first != kLength64) return Walk::kBad;
  if (left < 9) return Walk::kMore;
  value = __builtin_bswap64(load<uint64_t>(p + 1));
  p += 9;
  return Walk::kDone;
}

enum class Form : uint8_t { kInt8, kInt16, kInt32, kLzf, kRaw };   // the first four as in the file

// The beginning of a string.
struct StringHead {
  Form form = Form::kRaw;
  uint64_t stored_bytes = 0;    // what follows the beginning
  uint64_t decoded_bytes = 0;   // of kRaw and kLzf
};

// Moves `p` behind a string's beginning if it is there.
inline Walk string_head(const uint8_t*& p, const uint8_t* end, StringHead& head) {
  if (p == end) return Walk::kMore;
  const uint8_t first = *p;
  if (first < kSpecial) {
    head.form = Form::kRaw;
    const Walk walk = length(p, end, head.stored_bytes);
    head.decoded_bytes = head.stored_bytes;
    return walk;
  }
  const auto form = static_cast<uint8_t>(first - kSpecial);
  if (form > static_cast<uint8_t>(Form::kLzf)) return Walk::kBad;
  head.form = static_cast<Form>(form);
  if (head.form != Form::kLzf) {
    head.stored_bytes = uint64_t{1} << form;
    ++p;
    return Walk::kDone;
  }
  const uint8_t* at = p + 1;
  Walk walk = length(at, end, head.stored_bytes);
  if (walk == Walk::kDone) walk = length(at, end, head.decoded_bytes);
  if (walk == Walk::kDone) p = at;
  return walk;
}

// Passes over something of a shape (rdb_types.h), in as many runs of bytes as it takes.
// Time: linear in the bytes passed.   Threads: one thread at a time.
class Walker {
 public:
  void start(const char* shape) {
    at_ = shape;
    skip_ = 0;
    depth_ = 0;
  }
  // Moves `p` behind what was passed.   kMore: go on with what was left from `p` on and at least a byte behind it.
  Walk walk(const uint8_t*& p, const uint8_t* end);
  // What is still to come of a piece that began: of unknown bytes, at least so many.
  uint64_t pending_bytes() const { return skip_; }

 private:
  Walk step(const uint8_t*& p, const uint8_t* end);
  Walk enter(const uint8_t*& p, const uint8_t* end);
  Walk module_value(const uint8_t*& p, const uint8_t* end);
  void leave();

  struct Loop {
    const char* body = nullptr;
    uint64_t left = 0;
  };
  const char* at_ = "";
  uint64_t skip_ = 0;
  size_t depth_ = 0;
  std::array<Loop, 3> loops_;   // no shape is nested deeper
};

}  // namespace cairn::rdb
