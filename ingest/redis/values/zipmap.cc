#include "ingest/redis/values/zipmap.h"

namespace cairn {

namespace {

constexpr uint8_t kLongZipmapLength = 0xfe;   // a length follows in 4 bytes; as a count: not known
constexpr uint8_t kZipmapEnd = 0xff;

}  // namespace

ZipmapReader::ZipmapReader(ByteView bytes) : in_(bytes, "zipmap"), counted_(in_.u8()) {}

bool ZipmapReader::next(std::string_view& field, std::string_view& value) {
  if (ended_) return false;
  const uint8_t first = in_.u8();
  if (first == kZipmapEnd) {
    in_.finish();
    if (counted_ < kLongZipmapLength && counted_ != seen_) in_.fail("its pairs aren't as many as it says");
    ended_ = true;
    return false;
  }
  field = text(in_.raw(length(first)));
  const size_t value_bytes = length(in_.u8());
  const size_t unused = in_.u8();
  value = text(in_.raw(value_bytes));
  in_.raw(unused);
  ++seen_;
  return true;
}

size_t ZipmapReader::length(uint8_t first) {
  if (first == kZipmapEnd) in_.fail("it ends within a pair");
  return first == kLongZipmapLength ? in_.u32() : first;
}

}  // namespace cairn
