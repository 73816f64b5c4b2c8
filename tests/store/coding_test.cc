#include "store/coding.h"

#include <gtest/gtest.h>

#include <functional>

namespace cairn {
namespace {

// What the decoder complains about; "" if it doesn't.
std::string complaint(const Bytes& bytes, const std::function<void(Decoder&)>& read) {
  Decoder decoder(bytes, "tree");
  try {
    read(decoder);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kCorrupt);
    return e.what();
  }
  return "";
}

Bytes varint_bytes(uint64_t value) {
  Encoder encoder;
  encoder.varint(value);
  return encoder.take();
}

TEST(Coding, GivesBackEverythingInOrder) {
  Encoder encoder;
  encoder.u8(0xff);
  encoder.u16(0xfffe);
  encoder.u32(0xfffffffd);
  encoder.u64(0xfffffffffffffffc);
  encoder.varint(300);
  encoder.svarint(-300);
  encoder.bytes(Bytes{1, 2, 3});
  encoder.string("näme");
  encoder.raw(Bytes{9});
  EXPECT_EQ(encoder.size(), encoder.out().size());
  Bytes bytes = encoder.take();

  Decoder decoder(bytes, "tree");
  EXPECT_EQ(decoder.u8(), 0xff);
  EXPECT_EQ(decoder.u16(), 0xfffe);
  EXPECT_EQ(decoder.u32(), 0xfffffffd);
  EXPECT_EQ(decoder.u64(), 0xfffffffffffffffc);
  EXPECT_EQ(decoder.varint(), 300u);
  EXPECT_EQ(decoder.svarint(), -300);
  EXPECT_EQ(decoder.bytes().size(), 3u);
  EXPECT_EQ(decoder.string(), "näme");
  EXPECT_EQ(decoder.offset() + 1, bytes.size());
  EXPECT_EQ(decoder.raw(1)[0], 9);
  EXPECT_NO_THROW(decoder.finish());
}

TEST(Coding, IntegersAreLittleEndian) {
  Encoder encoder;
  encoder.u16(0x0102);
  encoder.u32(0x03040506);
  encoder.u64(0x0708090a0b0c0d0e);
  EXPECT_EQ(encoder.out(), (Bytes{2, 1, 6, 5, 4, 3, 0xe, 0xd, 0xc, 0xb, 0xa, 9, 8, 7}));
}

TEST(Coding, VarintsRoundTripAroundEveryPowerOfTwo) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (uint64_t delta : {UINT64_MAX, uint64_t{0}, uint64_t{1}}) {
      uint64_t value = (uint64_t{1} << bit) + delta;
      Bytes bytes = varint_bytes(value);
      Decoder decoder(bytes, "tree");
      EXPECT_EQ(decoder.varint(), value);
      EXPECT_NO_THROW(decoder.finish());
    }
  }
  EXPECT_EQ(varint_bytes(0).size(), 1u);
  EXPECT_EQ(varint_bytes(127).size(), 1u);
  EXPECT_EQ(varint_bytes(128).size(), 2u);
  EXPECT_EQ(varint_bytes(UINT64_MAX).size(), 10u);
}

TEST(Coding, SignedVarintsRoundTripAndStayShortNearZero) {
  for (int64_t value : {int64_t{0}, int64_t{-1}, int64_t{1}, int64_t{63}, int64_t{-64}, int64_t{64}, INT64_MAX, INT64_MIN}) {
    Encoder encoder;
    encoder.svarint(value);
    Decoder decoder(encoder.out(), "tree");
    EXPECT_EQ(decoder.svarint(), value);
    EXPECT_EQ(encoder.size() == 1, value >= -64 && value < 64) << value;
  }
}

TEST(Coding, RefusesVarintsThatDoNotFitIn64Bits) {
  auto read = [](Decoder& d) { d.varint(); };
  Bytes largest(9, 0xff);
  largest.push_back(0x01);
  EXPECT_EQ(complaint(largest, read), "");
  Bytes one_bit_more = largest;
  one_bit_more.back() = 0x02;
  EXPECT_NE(complaint(one_bit_more, read).find("number too long"), std::string::npos);
  Bytes eleven_bytes(10, 0x80);
  eleven_bytes.push_back(0x00);
  EXPECT_NE(complaint(eleven_bytes, read).find("number too long"), std::string::npos);
  EXPECT_NE(complaint(Bytes(1000, 0xff), read).find("number too long"), std::string::npos);
}

// One value has one encoding, so equal objects have equal bytes and equal ids.
TEST(Coding, RefusesALongerFormOfANumber) {
  for (const Bytes& bytes : {Bytes{0x80, 0x00}, Bytes{0x81, 0x80, 0x00}, Bytes{0xff, 0x00}})
    EXPECT_NE(complaint(bytes, [](Decoder& d) { d.varint(); }).find("number not in its shortest form"), std::string::npos);
  EXPECT_EQ(complaint(Bytes{0x00}, [](Decoder& d) { EXPECT_EQ(d.varint(), 0u); }), "");
}

TEST(Coding, NothingIsReadPastTheEnd) {
  std::function<void(Decoder&)> reads[] = {
      [](Decoder& d) { d.u8(); },      [](Decoder& d) { d.u16(); },    [](Decoder& d) { d.u32(); },
      [](Decoder& d) { d.u64(); },     [](Decoder& d) { d.raw(8); },   [](Decoder& d) { d.varint(); },
      [](Decoder& d) { d.svarint(); }, [](Decoder& d) { d.bytes(); },  [](Decoder& d) { d.string(); }};
  size_t needs[] = {1, 2, 4, 8, 8, 3, 3, 4, 4};
  for (size_t i = 0; i < std::size(reads); ++i) {
    Bytes whole = {0x83, 0x80, 0x01, 1, 2, 3, 4, 5};
    if (i >= 7) whole = {3, 1, 2, 3};
    for (size_t size = 0; size <= needs[i]; ++size) {
      Bytes bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
      bytes.shrink_to_fit();
      EXPECT_EQ(complaint(bytes, reads[i]).empty(), size == needs[i]) << i << " with " << size;
    }
  }
}

TEST(Coding, LengthsAndNumbersKeepTheirBounds) {
  Bytes five = {5, 'a', 'b', 'c', 'd', 'e'};
  EXPECT_EQ(complaint(five, [](Decoder& d) { d.bytes(5); }), "");
  EXPECT_NE(complaint(five, [](Decoder& d) { d.bytes(4); }), "");
  EXPECT_NE(complaint(five, [](Decoder& d) { d.string(4); }), "");
  EXPECT_EQ(complaint(five, [](Decoder& d) { d.varint_up_to(5); }), "");
  EXPECT_NE(complaint(five, [](Decoder& d) { d.varint_up_to(4); }), "");
  EXPECT_NE(complaint(varint_bytes(UINT64_MAX), [](Decoder& d) { d.bytes(); }), "");
  EXPECT_NE(complaint(varint_bytes(SIZE_MAX), [](Decoder& d) { d.string(); }), "");
}

TEST(Coding, ACountCannotExceedWhatIsLeft) {
  Bytes three = {3, 0, 0, 0, 0, 0, 0};  // six bytes left
  EXPECT_EQ(complaint(three, [](Decoder& d) { EXPECT_EQ(d.count(2), 3u); }), "");
  EXPECT_EQ(complaint(three, [](Decoder& d) { EXPECT_EQ(d.count(0), 3u); }), "");
  EXPECT_NE(complaint(three, [](Decoder& d) { d.count(3); }), "");
  EXPECT_NE(complaint(varint_bytes(UINT64_MAX), [](Decoder& d) { d.count(1); }), "");
  EXPECT_NE(complaint(varint_bytes(UINT64_MAX), [](Decoder& d) { d.count(0); }), "");
  EXPECT_NE(complaint(varint_bytes(1), [](Decoder& d) { d.count(SIZE_MAX); }), "");
}

TEST(Coding, TrailingBytesAreCorruptAndTheOffsetIsNamed) {
  std::string said = complaint(Bytes{1, 2, 3}, [](Decoder& d) {
    d.u16();
    d.finish();
  });
  EXPECT_EQ(said, "tree: byte 2: trailing bytes");
  EXPECT_EQ(complaint({}, [](Decoder& d) { d.finish(); }), "");
}

}  // namespace
}  // namespace cairn
