#include "ingest/redis/values/listpack.h"

namespace cairn {

namespace {

constexpr uint8_t kListpackEnd = 0xff;
constexpr uint16_t kNotCountedListpack = 0xffff;

// The 7-bit groups that an element's length is written with.  (The limits are those of the writer: 16383 takes three.)
size_t length_groups(uint64_t element_bytes) {
  if (element_bytes <= 127) return 1;
  if (element_bytes < 16383) return 2;
  if (element_bytes < 2097151) return 3;
  return element_bytes < 268435455 ? 4 : 5;
}

}  // namespace

ListpackReader::ListpackReader(ByteView bytes) : in_(bytes, "listpack"), counted_(0) {
  if (in_.u32() != bytes.size()) in_.fail("its length isn't what it says");
  counted_ = in_.u16();
}

bool ListpackReader::next(PackedElement& element_out) {
  if (ended_) return false;
  const size_t begin = in_.offset();
  const uint8_t encoding = in_.u8();
  if (encoding == kListpackEnd) {
    in_.finish();
    if (counted_ != kNotCountedListpack && counted_ != seen_) in_.fail("its elements aren't as many as it says");
    ended_ = true;
    return false;
  }
  element_out = element(encoding);
  pass_length(in_.offset() - begin);
  ++seen_;
  return true;
}

PackedElement ListpackReader::element(uint8_t encoding) {
  if (encoding < 0x80) return PackedElement(int64_t{encoding});
  if (encoding < 0xc0) return PackedElement(in_.raw(encoding & 0x3f));
  if (encoding < 0xe0) {   // 13 bits, signed
    const int value = (encoding & 0x1f) << 8 | in_.u8();
    return PackedElement(int64_t{value >= 1 << 12 ? value - (1 << 13) : value});
  }
  if (encoding < 0xf0) {
    const size_t low = in_.u8();
    return PackedElement(in_.raw(static_cast<size_t>(encoding & 0x0f) << 8 | low));
  }
  switch (encoding) {
    case 0xf0: return PackedElement(in_.raw(in_.u32()));
    case 0xf1: return PackedElement(int64_t{static_cast<int16_t>(in_.u16())});
    case 0xf2: {
      const uint32_t low = in_.u16(), high = in_.u8();
      return PackedElement(int64_t{static_cast<int32_t>((low | high << 16) << 8) >> 8});
    }
    case 0xf3: return PackedElement(int64_t{static_cast<int32_t>(in_.u32())});
    case 0xf4: return PackedElement(static_cast<int64_t>(in_.u64()));
  }
  in_.fail("an element of no known kind");
}

// The element's length, its highest group first; all but that have their highest bit set.
void ListpackReader::pass_length(size_t element_bytes) {
  const ByteView groups = in_.raw(length_groups(element_bytes));
  uint64_t length = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    if ((groups[i] >= 0x80) != (i > 0)) in_.fail("an element's length for reading backwards is malformed");
    length = length << 7 | (groups[i] & 0x7f);
  }
  if (length != element_bytes) in_.fail("an element's length for reading backwards is wrong");
}

}  // namespace cairn
