#include "ingest/redis/rdb/crc64.h"

#include <array>
#include <cstddef>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cairn {

namespace {

constexpr uint64_t kPolynomial = 0x95ac9329ac4bc9b5;   // bit j is the coefficient of x^(63-j)

constexpr uint64_t times_x(uint64_t value) { return (value >> 1) ^ ((value & 1) ? kPolynomial : 0); }

// [k][b]: of the byte b with k zero bytes behind it.
using Tables = std::array<std::array<uint64_t, 256>, 16>;

Tables make_tables() {
  Tables tables{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = times_x(crc);
    tables[0][byte] = crc;
  }
  for (size_t zeros = 1; zeros < 16; ++zeros) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t before = tables[zeros - 1][byte];
      tables[zeros][byte] = tables[0][before & 0xff] ^ (before >> 8);
    }
  }
  return tables;
}

uint64_t load(const uint8_t* from) {
  uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

uint64_t by_tables(uint64_t crc, const uint8_t* p, size_t size) {
  static const Tables tables = make_tables();
  for (; size >= 16; p += 16, size -= 16) {
    const uint64_t first = crc ^ load(p), second = load(p + 8);
    crc = 0;
    for (unsigned i = 0; i < 8; ++i) crc ^= tables[15 - i][first >> 8 * i & 0xff] ^ tables[7 - i][second >> 8 * i & 0xff];
  }
  for (; size > 0; ++p, --size) crc = tables[0][(crc ^ *p) & 0xff] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__)

constexpr uint64_t power_of_x(unsigned exponent) {
  uint64_t value = uint64_t{1} << 63;
  for (; exponent > 0; --exponent) value = times_x(value);
  return value;
}

// 128 bits and what stands `bits` further on: one register that has the same remainder.  A product of two reflected words comes out
// one bit low, hence the exponents less one.
template <unsigned bits>
__attribute__((target("pclmul,sse2"))) inline __m128i fold(__m128i ahead, __m128i onto) {
  constexpr uint64_t kLow = power_of_x(bits + 63), kHigh = power_of_x(bits - 1);
  const __m128i factors = _mm_set_epi64x(static_cast<int64_t>(kHigh), static_cast<int64_t>(kLow));
  const __m128i low = _mm_clmulepi64_si128(ahead, factors, 0x00), high = _mm_clmulepi64_si128(ahead, factors, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), onto);
}

// Requires: size ≥ 64.
__attribute__((target("pclmul,sse2"))) uint64_t by_products(uint64_t crc, const uint8_t* p, size_t size) {
  const auto at = [&](size_t i) __attribute__((target("pclmul,sse2"))) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p) + i);
  };
  __m128i a = _mm_xor_si128(at(0), _mm_set_epi64x(0, static_cast<int64_t>(crc))), b = at(1), c = at(2), d = at(3);
  for (p += 64, size -= 64; size >= 64; p += 64, size -= 64) {
    a = fold<512>(a, at(0));
    b = fold<512>(b, at(1));
    c = fold<512>(c, at(2));
    d = fold<512>(d, at(3));
  }
  a = fold<128>(fold<128>(fold<128>(a, b), c), d);
  std::array<uint8_t, 16> left;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(left.data()), a);
  return by_tables(by_tables(0, left.data(), left.size()), p, size);
}

#endif

}  // namespace

uint64_t crc64(uint64_t crc, ByteView bytes) {
#if defined(__x86_64__)
  static const bool products = __builtin_cpu_supports("pclmul");
  if (products && bytes.size() >= 128) return by_products(crc, bytes.data(), bytes.size());
#endif
  return by_tables(crc, bytes.data(), bytes.size());
}

}  // namespace cairn
