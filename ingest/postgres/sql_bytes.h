// What each byte of SQL text may begin.
//
// Threads:  functions are thread-safe.
// Source:   PostgreSQL documentation: 4.1 Lexical Structure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cairn::sql {

enum ByteClass : uint8_t {
  kPlain, kBlank, kWordByte, kSingleQuote, kDoubleQuote, kDollar, kMinus, kDivide, kOpen, kClose, kSemicolon, kBackslashByte
};

inline constexpr std::array<ByteClass, 256> kClass = [] {
  std::array<ByteClass, 256> table{};
  for (int c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
    table[static_cast<size_t>(c)] = letter ? kWordByte : c == ' ' || (c >= '\t' && c <= '\r') ? kBlank : kPlain;
  }
  table['\''] = kSingleQuote;
  table['"'] = kDoubleQuote;
  table['$'] = kDollar;
  table['-'] = kMinus;
  table['/'] = kDivide;
  table['('] = kOpen;
  table[')'] = kClose;
  table[';'] = kSemicolon;
  table['\\'] = kBackslashByte;
  return table;
}();

inline bool blank(uint8_t c) { return kClass[c] == kBlank; }
inline bool digit(uint8_t c) { return c >= '0' && c <= '9'; }

// Where `c` stands in bytes [at, size), `size` if nowhere.
inline size_t find(const uint8_t* bytes, size_t at, size_t size, char c) {
  const void* found = std::memchr(bytes + at, c, size - at);
  return found ? static_cast<size_t>(static_cast<const uint8_t*>(found) - bytes) : size;
}

}  // namespace cairn::sql
