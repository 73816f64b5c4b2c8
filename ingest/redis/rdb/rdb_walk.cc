#include "ingest/redis/rdb/rdb_walk.h"

namespace cairn::rdb {

namespace {

constexpr uint8_t kScoreNan = 253;   // and the two infinities behind it: no text follows

enum ModuleOpcode : uint64_t { kEnd = 0, kSigned = 1, kUnsigned = 2, kFloat = 3, kDouble = 4, kString = 5 };

}  // namespace

Walk Walker::walk(const uint8_t*& p, const uint8_t* end) {
  for (;;) {
    const uint64_t skipped = std::min<uint64_t>(skip_, static_cast<uint64_t>(end - p));
    p += skipped;
    skip_ -= skipped;
    if (skip_ > 0) return Walk::kMore;
    if (*at_ == '\0') return Walk::kDone;
    if (const Walk walk = step(p, end); walk != Walk::kDone) return walk;
  }
}

// One letter, as far as it isn't left to skip_.
inline Walk Walker::step(const uint8_t*& p, const uint8_t* end) {
  Walk walk = Walk::kDone;
  switch (*at_) {
    case 's': {
      StringHead head;
      walk = string_head(p, end, head);
      if (walk == Walk::kDone) skip_ = head.stored_bytes;
      break;
    }
    case 'l': {
      uint64_t ignored = 0;
      walk = length(p, end, ignored);
      break;
    }
    case '8': skip_ = 8; break;
    case '6': skip_ = 16; break;
    case 'z':
      if (p == end) return Walk::kMore;
      skip_ = *p < kScoreNan ? *p : 0;
      ++p;
      break;
    case 'm': return module_value(p, end);
    case '{': return enter(p, end);
    case '}': leave(); return Walk::kDone;
    default: return Walk::kBad;
  }
  if (walk == Walk::kDone) ++at_;
  return walk;
}

Walk Walker::enter(const uint8_t*& p, const uint8_t* end) {
  uint64_t count = 0;
  if (const Walk walk = length(p, end, count); walk != Walk::kDone) return walk;
  ++at_;
  if (count > 0) {
    loops_[depth_++] = {at_, count};
    return Walk::kDone;
  }
  for (int open = 1; open > 0; ++at_) open += *at_ == '{' ? 1 : *at_ == '}' ? -1 : 0;
  return Walk::kDone;
}

void Walker::leave() {
  Loop& loop = loops_[depth_ - 1];
  if (--loop.left > 0) {
    at_ = loop.body;
    return;
  }
  --depth_;
  ++at_;
}

// An opcode and the beginning of what belongs to it, together: neither is taken without the other.
Walk Walker::module_value(const uint8_t*& p, const uint8_t* end) {
  const uint8_t* at = p;
  uint64_t opcode = 0, ignored = 0;
  Walk walk = length(at, end, opcode);
  if (walk != Walk::kDone) return walk;
  StringHead head;
  uint64_t skip = 0;
  switch (opcode) {
    case kEnd: ++at_; break;
    case kSigned:
    case kUnsigned: walk = length(at, end, ignored); break;
    case kFloat: skip = 4; break;
    case kDouble: skip = 8; break;
    case kString:
      walk = string_head(at, end, head);
      skip = head.stored_bytes;
      break;
    default: return Walk::kBad;
  }
  if (walk != Walk::kDone) return walk;
  p = at;
  skip_ = skip;
  return Walk::kDone;
}

}  // namespace cairn::rdb
