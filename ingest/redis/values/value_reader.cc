#include "ingest/redis/values/value_reader.h"

#include "ingest/redis/rdb/lzf_string.h"

namespace cairn {

namespace {

enum Encoding : uint64_t { kInt8 = 0, kInt16 = 1, kInt32 = 2, kLzf = 3 };

constexpr uint64_t kMostExpanded = uint64_t{512} << 20;   // a server's own limit for a string

uint64_t big_endian(ByteView bytes) {
  uint64_t value = 0;
  for (uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

}  // namespace

ValueReader::Length ValueReader::any_length() {
  const uint8_t first = in_.u8();
  switch (first >> 6) {
    case 0: return {first, false};
    case 1: return {uint64_t{first & 0x3fu} << 8 | in_.u8(), false};
    case 3: return {first & 0x3fu, true};
  }
  if (first == 0x80) return {big_endian(in_.raw(4)), false};
  if (first == 0x81) return {big_endian(in_.raw(8)), false};
  in_.fail("a length of no known kind");
}

uint64_t ValueReader::length() {
  const Length length = any_length();
  if (length.special) in_.fail("a string where a length should be");
  return length.value;
}

std::string_view ValueReader::string(std::string& scratch) {
  const Length length = any_length();
  if (!length.special) return text(in_.raw(length.value));
  if (length.value == kLzf) {
    expand(scratch);
  } else {
    scratch = std::to_string(integer(length.value));
  }
  return scratch;
}

// The lengths are looked at before anything is allocated.
void ValueReader::expand(std::string& into) {
  const uint64_t packed_bytes = length(), whole_bytes = length();
  const ByteView packed = in_.raw(packed_bytes);
  if (whole_bytes > kMostExpanded || whole_bytes / kMostLzfGain > packed.size()) in_.fail("a compressed string that can't be so long");
  into.resize(whole_bytes);
  if (!lzf_decode(packed, {reinterpret_cast<uint8_t*>(into.data()), into.size()})) in_.fail("a damaged compressed string");
}

ByteView ValueReader::encoded_string() {
  const size_t begin = in_.offset();
  const Length length = any_length();
  if (!length.special) {
    in_.raw(length.value);
  } else if (length.value == kLzf) {
    const uint64_t packed_bytes = this->length();
    this->length();
    in_.raw(packed_bytes);
  } else {
    integer(length.value);
  }
  return value_.subspan(begin, in_.offset() - begin);
}

int64_t ValueReader::integer(uint64_t encoding) {
  switch (encoding) {
    case kInt8: return static_cast<int8_t>(in_.u8());
    case kInt16: return static_cast<int16_t>(in_.u16());
    case kInt32: return static_cast<int32_t>(in_.u32());
  }
  in_.fail("a string of no known encoding");
}

}  // namespace cairn
