#include "ingest/redis/values/ziplist.h"

namespace cairn {

namespace {

constexpr size_t kZiplistHeaderBytes = 10;
constexpr uint8_t kZiplistEnd = 0xff;
constexpr uint8_t kLongBefore = 0xfe;   // the length of the element before follows in 4 bytes
constexpr uint16_t kNotCounted = 0xffff;

}  // namespace

ZiplistReader::ZiplistReader(ByteView bytes) : in_(bytes, "ziplist"), last_(0), counted_(0), last_seen_(kZiplistHeaderBytes) {
  if (in_.u32() != bytes.size()) in_.fail("its length isn't what it says");
  last_ = in_.u32();
  counted_ = in_.u16();
}

bool ZiplistReader::next(PackedElement& element_out) {
  if (ended_) return false;
  const size_t begin = in_.offset();
  const uint8_t first = in_.u8();
  if (first == kZiplistEnd) {
    end();
    return false;
  }
  const size_t before = first == kLongBefore ? in_.u32() : first;
  if (before != last_seen_bytes_) in_.fail("the length of the element before is wrong");
  element_out = element();
  last_seen_ = begin;
  last_seen_bytes_ = in_.offset() - begin;
  ++seen_;
  return true;
}

void ZiplistReader::end() {
  in_.finish();
  if (counted_ != kNotCounted && counted_ != seen_) in_.fail("its elements aren't as many as it says");
  if (last_ != last_seen_) in_.fail("its last element isn't where it says");
  ended_ = true;
}

PackedElement ZiplistReader::element() {
  const uint8_t encoding = in_.u8();
  switch (encoding >> 6) {
    case 0: return PackedElement(in_.raw(encoding));
    case 1: {
      const size_t low = in_.u8();
      return PackedElement(in_.raw(static_cast<size_t>(encoding & 0x3f) << 8 | low));
    }
    case 2: {   // 4 bytes, the highest first
      size_t length = 0;
      for (int i = 0; i < 4; ++i) length = length << 8 | in_.u8();
      return PackedElement(in_.raw(length));
    }
  }
  return integer(encoding);
}

PackedElement ZiplistReader::integer(uint8_t encoding) {
  switch (encoding) {
    case 0xc0: return PackedElement(int64_t{static_cast<int16_t>(in_.u16())});
    case 0xd0: return PackedElement(int64_t{static_cast<int32_t>(in_.u32())});
    case 0xe0: return PackedElement(static_cast<int64_t>(in_.u64()));
    case 0xf0: {
      const uint32_t low = in_.u16(), high = in_.u8();
      return PackedElement(int64_t{static_cast<int32_t>((low | high << 16) << 8) >> 8});
    }
    case 0xfe: return PackedElement(int64_t{static_cast<int8_t>(in_.u8())});
  }
  if (encoding > 0xf0 && encoding < 0xfe) return PackedElement(int64_t{(encoding & 0x0f) - 1});   // 0 to 12
  in_.fail("an element of no known kind");
}

}  // namespace cairn
