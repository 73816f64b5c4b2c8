#include "ingest/redis/sorted_record.h"

#include "store/coding.h"

namespace cairn {

namespace {

constexpr uint8_t kSpilled = 1, kExpires = 2, kRanks = 4;

template <class Number>
uint8_t* put(uint8_t* at, Number number) {
  std::memcpy(at, &number, sizeof number);
  return at + sizeof number;
}

}  // namespace

ByteView SortedRecord::encode_head(std::span<uint8_t, kMostHeadBytes> into) const {
  uint8_t* at = put(into.data(), position);
  *at++ = static_cast<uint8_t>((spilled ? kSpilled : 0) | (expires_ms ? kExpires : 0) | (ranks_bytes > 0 ? kRanks : 0));
  *at++ = type;
  *at++ = static_cast<uint8_t>(use.size());
  at = put(at, head_bytes);
  if (expires_ms) at = put(at, *expires_ms);
  if (ranks_bytes > 0) at = put(at, ranks_bytes);
  if (spilled) at = put(put(at, spill_begin), record_bytes);
  return {into.data(), at};
}

SortedRecord SortedRecord::decode(ByteView bytes) {
  Decoder in(bytes, "record");
  SortedRecord out;
  out.position = in.u32();
  const uint8_t flags = in.u8();
  out.spilled = (flags & kSpilled) != 0;
  out.type = in.u8();
  const size_t use_bytes = in.u8();
  out.head_bytes = in.u32();
  if ((flags & kExpires) != 0) out.expires_ms = static_cast<int64_t>(in.u64());
  if ((flags & kRanks) != 0) out.ranks_bytes = in.u64();
  if (out.spilled) {
    out.spill_begin = in.u64();
    out.record_bytes = in.u64();
  }
  out.use = in.raw(use_bytes);
  if (!out.spilled) {
    out.ranks = in.raw(static_cast<size_t>(out.ranks_bytes));
    out.record = in.raw(in.remaining());
    out.record_bytes = out.record.size();
  }
  return out;
}

}  // namespace cairn
