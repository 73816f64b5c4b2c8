// Writes values as they stand in RDB files, for tests: strings, listpacks, ziplists, zipmaps, streams' nodes, also of servers that aren't
// at hand.  Written from the formats' descriptions, not with the readers' code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/bytes.h"

namespace cairn::packed {

inline std::string little(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
inline std::string big(uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}

// A length of an RDB.
inline std::string length(uint64_t value) {
  if (value < 64) return std::string(1, static_cast<char>(value));
  if (value < 16384) return big(0x4000 | value, 2);
  return value <= 0xffffffff ? "\x80" + big(value, 4) : "\x81" + big(value, 8);
}
inline std::string string(std::string_view text) { return length(text.size()) + std::string(text); }
inline std::string strings(std::initializer_list<std::string_view> all) {
  std::string out;
  for (std::string_view one : all) out += string(one);
  return out;
}

// An element: a string, or an integer in the narrowest encoding.
struct Element {
  Element(const char* text_of) : text(text_of) {}  // NOLINT: so that lists of both can be written
  Element(std::string text_of) : text(std::move(text_of)) {}  // NOLINT
  Element(int64_t value) : integer(value), is_integer(true) {}  // NOLINT
  Element(int value) : Element(int64_t{value}) {}  // NOLINT
  std::string text;
  int64_t integer = 0;
  bool is_integer = false;
};

namespace detail {

inline bool fits(int64_t value, int bits) { return value >= -(int64_t{1} << (bits - 1)) && value < int64_t{1} << (bits - 1); }

inline std::string listpack_body(const Element& element) {
  if (element.is_integer) {
    const int64_t v = element.integer;
    const auto bits = static_cast<uint64_t>(v);
    if (v >= 0 && v < 128) return std::string(1, static_cast<char>(v));
    if (fits(v, 13)) return big(0xc000 | (bits & 0x1fff), 2);
    if (fits(v, 16)) return "\xf1" + little(bits, 2);
    if (fits(v, 24)) return "\xf2" + little(bits, 3);
    return fits(v, 32) ? "\xf3" + little(bits, 4) : "\xf4" + little(bits, 8);
  }
  const size_t size = element.text.size();
  if (size < 64) return std::string(1, static_cast<char>(0x80 | size)) + element.text;
  return (size < 4096 ? big(0xe000 | size, 2) : "\xf0" + little(size, 4)) + element.text;
}

inline std::string ziplist_body(const Element& element) {
  if (element.is_integer) {
    const int64_t v = element.integer;
    const auto bits = static_cast<uint64_t>(v);
    if (v >= 0 && v <= 12) return std::string(1, static_cast<char>(0xf1 + v));
    if (fits(v, 8)) return "\xfe" + little(bits, 1);
    if (fits(v, 16)) return "\xc0" + little(bits, 2);
    if (fits(v, 24)) return "\xf0" + little(bits, 3);
    return fits(v, 32) ? "\xd0" + little(bits, 4) : "\xe0" + little(bits, 8);
  }
  const size_t size = element.text.size();
  if (size < 64) return std::string(1, static_cast<char>(size)) + element.text;
  return (size < 16384 ? big(0x4000 | size, 2) : "\x80" + big(size, 4)) + element.text;
}

}  // namespace detail

inline std::string listpack(const std::vector<Element>& elements) {
  std::string body;
  for (const Element& element : elements) {
    const std::string one = detail::listpack_body(element);
    const size_t n = one.size();
    const int groups = n <= 127 ? 1 : n < 16383 ? 2 : n < 2097151 ? 3 : n < 268435455 ? 4 : 5;
    body += one;
    for (int group = groups - 1; group >= 0; --group) {
      body += static_cast<char>((n >> (7 * group) & 0x7f) | (group == groups - 1 ? 0 : 0x80));
    }
  }
  return little(body.size() + 7, 4) + little(std::min<size_t>(elements.size(), 65535), 2) + body + "\xff";
}

inline std::string ziplist(const std::vector<Element>& elements) {
  std::string body;
  size_t before = 0, last = 10;
  for (const Element& element : elements) {
    last = 10 + body.size();
    const std::string one = (before < 254 ? little(before, 1) : "\xfe" + little(before, 4)) + detail::ziplist_body(element);
    body += one;
    before = one.size();
  }
  return little(body.size() + 11, 4) + little(last, 4) + little(std::min<size_t>(elements.size(), 65535), 2) + body + "\xff";
}

// `unused`: bytes behind each value.
inline std::string zipmap(const std::vector<std::pair<std::string, std::string>>& pairs, size_t unused = 0) {
  const auto counted = [](size_t size) { return size < 254 ? little(size, 1) : "\xfe" + little(size, 4); };
  std::string out(1, static_cast<char>(std::min<size_t>(pairs.size(), 254)));
  for (const auto& [field, value] : pairs) {
    out += counted(field.size()) + field + counted(value.size()) + static_cast<char>(unused) + value + std::string(unused, '#');
  }
  return out + "\xff";
}

inline std::string intset(int width, std::initializer_list<int64_t> values) {
  std::string out = little(static_cast<uint64_t>(width), 4) + little(values.size(), 4);
  for (int64_t value : values) out += little(static_cast<uint64_t>(value), width);
  return out;
}

inline std::string id(uint64_t ms, uint64_t seq) { return big(ms, 8) + big(seq, 8); }

}  // namespace cairn::packed
