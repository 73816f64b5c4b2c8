// Passing over JSON's text many bytes at a time, and what a string's escapes stand for.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace cairn {

// The characters that a string's raw text stands for; the first `most_bytes` of them.  \u of half a pair becomes U+FFFD.
// What isn't an escape of JSON, or is cut off, ends the text.
std::string unescape_json(std::string_view raw, size_t most_bytes);

inline bool ends_plain_text(uint8_t c) { return c == '"' || c == '\\' || c < 0x20; }
inline bool is_json_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// The first byte from `p` on that is a quote, a backslash or below 0x20; `end` if there is none.
inline const uint8_t* pass_plain_text(const uint8_t* p, const uint8_t* end) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
  for (; end - p >= 16; p += 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash)),
                                       _mm_cmpeq_epi8(_mm_min_epu8(x, control), x));
    if (const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(found)); mask != 0) return p + std::countr_zero(mask);
  }
#else
  // A byte's high bit tells that it is found.  Borrows may set more of them, but only above one that is right.
  constexpr uint64_t kOnes = ~uint64_t{0} / 255, kHighs = kOnes * 0x80;
  for (; end - p >= 8; p += 8) {
    uint64_t x;
    std::memcpy(&x, p, 8);
    if constexpr (std::endian::native == std::endian::big) x = __builtin_bswap64(x);
    const uint64_t quote = x ^ (kOnes * '"'), backslash = x ^ (kOnes * '\\');
    const uint64_t found = (((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) | ((x - kOnes * 0x20) & ~x)) & kHighs;
    if (found != 0) return p + std::countr_zero(found) / 8;
  }
#endif
  while (p < end && !ends_plain_text(*p)) ++p;
  return p;
}

// The first byte from `p` on that is no white space; `end` if there is none.
inline const uint8_t* pass_json_space(const uint8_t* p, const uint8_t* end) {
  if (p == end || *p > ' ') return p;
  for (size_t i = 0; i < 4; ++i, ++p) {
    if (p == end || !is_json_space(*p)) return p;
  }
#ifdef __SSE2__
  // An indentation is blanks only.
  const __m128i blank = _mm_set1_epi8(' ');
  for (; end - p >= 16; p += 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    if (const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(x, blank))); mask != 0xffff) {
      p += std::countr_one(mask);
      break;
    }
  }
#endif
  while (p < end && is_json_space(*p)) ++p;
  return p;
}

}  // namespace cairn
