#include "ingest/redis/sorted_record.h"

#include "store/coding.h"

namespace cairn {

namespace {

// Beneath the position in the first number.
constexpr uint64_t kSpilled = 1, kExpires = 2;
constexpr unsigned kFlagBits = 2;
constexpr size_t kMostHeadBytes = 64;   // of everything but use, ranks and record

uint8_t* put_varint(uint8_t* at, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<uint8_t>(value | 0x80);
  *at++ = static_cast<uint8_t>(value);
  return at;
}

uint8_t* put_bytes(uint8_t* at, ByteView bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

}  // namespace

ByteView SortedRecord::encode(std::span<const ByteView> pieces, Buffer& scratch) const {
  const size_t most = kMostHeadBytes + use.size() + ranks.size() + (spilled ? 0 : static_cast<size_t>(record_bytes));
  if (scratch.size() < most) scratch = Buffer(2 * most);
  uint8_t* at = put_varint(scratch.data(), position << kFlagBits | (spilled ? kSpilled : 0) | (expires_ms ? kExpires : 0));
  *at++ = type;
  *at++ = static_cast<uint8_t>(use.size());
  if (expires_ms) {
    std::memcpy(at, &*expires_ms, sizeof *expires_ms);
    at += sizeof *expires_ms;
  }
  at = put_varint(at, head_bytes);
  at = put_varint(at, ranks_bytes);
  at = put_bytes(at, use);
  if (spilled) {
    at = put_varint(at, spill_begin);
    at = put_varint(at, record_bytes);
  } else {
    at = put_bytes(at, ranks);
    for (const ByteView piece : pieces) at = put_bytes(at, piece);
  }
  return {scratch.data(), at};
}

SortedRecord SortedRecord::decode(ByteView bytes) {
  Decoder in(bytes, "record");
  SortedRecord out;
  const uint64_t first = in.varint();
  out.position = first >> kFlagBits;
  out.spilled = (first & kSpilled) != 0;
  out.type = in.u8();
  const size_t use_bytes = in.u8();
  if ((first & kExpires) != 0) out.expires_ms = static_cast<int64_t>(in.u64());
  out.head_bytes = in.varint();
  out.ranks_bytes = in.varint();
  out.use = in.raw(use_bytes);
  if (out.spilled) {
    out.spill_begin = in.varint();
    out.record_bytes = in.varint();
  } else {
    out.ranks = in.raw(static_cast<size_t>(out.ranks_bytes));
    out.record = in.raw(in.remaining());
    out.record_bytes = out.record.size();
  }
  return out;
}

}  // namespace cairn
