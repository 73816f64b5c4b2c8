// Little-endian integers, varints (LEB128) and length-prefixed bytes: what every codec is made of.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "store/bytes.h"
#include "store/error.h"

namespace cairn {

static_assert(std::endian::native == std::endian::little, "the codecs copy little-endian integers as they are");

// Appends to a byte vector.  Threads: one thread at a time.
class Encoder {
 public:
  void u8(uint8_t value) { out_.push_back(value); }
  void u16(uint16_t value) { fixed(&value, sizeof value); }
  void u32(uint32_t value) { fixed(&value, sizeof value); }
  void u64(uint64_t value) { fixed(&value, sizeof value); }
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<uint8_t>(value | 0x80));
    out_.push_back(static_cast<uint8_t>(value));
  }
  // Zigzag: small magnitudes of either sign stay short.
  void svarint(int64_t value) {
    varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  void raw(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void bytes(ByteView bytes) {
    varint(bytes.size());
    raw(bytes);
  }
  void string(std::string_view text) { bytes(view(text)); }
  size_t size() const { return out_.size(); }
  const Bytes& out() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  void fixed(const void* value, size_t size) {
    const auto* p = static_cast<const uint8_t*>(value);
    out_.insert(out_.end(), p, p + size);
  }
  Bytes out_;
};

// Reads what an Encoder wrote.  Every read is bounds-checked.
// Errors: kCorrupt, naming `what` and the offset.   Lifetime: the bytes must outlive the decoder and the views it hands out.
class Decoder {
 public:
  Decoder(ByteView bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  uint8_t u8() { return *need(1); }
  uint16_t u16() { return fixed<uint16_t>(); }
  uint32_t u32() { return fixed<uint32_t>(); }
  uint64_t u64() { return fixed<uint64_t>(); }
  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      uint8_t byte = u8();
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte == 0 && shift > 0) fail("number not in its shortest form");
      if (byte < 0x80) return value;
    }
    fail("number too long");
  }
  int64_t svarint() {
    uint64_t value = varint();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  // A varint that must not exceed `maximum`.
  uint64_t varint_up_to(uint64_t maximum) {
    uint64_t value = varint();
    if (value > maximum) fail("number too large");
    return value;
  }
  // A count of things of at least `least_bytes` each: can't exceed what is left, so it is safe to reserve.
  size_t count(size_t least_bytes) {
    uint64_t value = varint();
    if (value > remaining() / (least_bytes == 0 ? 1 : least_bytes)) fail("count larger than the bytes left");
    return static_cast<size_t>(value);
  }
  ByteView raw(size_t size) { return {need(size), size}; }
  ByteView bytes(size_t maximum = SIZE_MAX) {
    uint64_t size = varint();
    if (size > maximum || size > remaining()) fail("length larger than allowed");
    return raw(static_cast<size_t>(size));
  }
  std::string string(size_t maximum = size_t{1} << 20) { return std::string(text(bytes(maximum))); }
  size_t remaining() const { return bytes_.size() - at_; }
  size_t offset() const { return at_; }
  // Throws unless everything was read.
  void finish() {
    if (remaining() != 0) fail("trailing bytes");
  }
  [[noreturn]] void fail(std::string_view why) const {
    throw Error(ErrorCode::kCorrupt, what_ + ": byte " + std::to_string(at_) + ": " + std::string(why));
  }

 private:
  template <class T>
  T fixed() {
    T value;
    std::memcpy(&value, need(sizeof value), sizeof value);
    return value;
  }
  const uint8_t* need(size_t size) {
    if (size > remaining()) fail("ends too early");
    const uint8_t* p = bytes_.data() + at_;
    at_ += size;
    return p;
  }
  ByteView bytes_;
  size_t at_ = 0;
  std::string what_;
};

}  // namespace cairn
