#include "ingest/document/json_text.h"

#include <algorithm>
#include <optional>

namespace cairn {

namespace {

void append_utf8(std::string& out, uint32_t point) {
  auto add = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xc0 | point >> 6);
    add(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    add(0xe0 | point >> 12);
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  } else {
    add(0xf0 | point >> 18);
    add(0x80 | (point >> 12 & 0x3f));
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  }
}

// The four digits behind \u at `at`.
std::optional<uint32_t> hex4(std::string_view raw, size_t at) {
  if (at + 6 > raw.size() || raw[at] != '\\' || raw[at + 1] != 'u') return std::nullopt;
  uint32_t value = 0;
  for (char c : raw.substr(at + 2, 4)) {
    uint32_t digit;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    } else {
      return std::nullopt;
    }
    value = value << 4 | digit;
  }
  return value;
}

// The character of the \u at `at`, which is moved behind it; false when that is none.
bool append_unicode(std::string& out, std::string_view raw, size_t& at) {
  constexpr uint32_t kReplacement = 0xfffd;
  const std::optional<uint32_t> unit = hex4(raw, at);
  if (!unit) return false;
  at += 6;
  uint32_t point = *unit;
  if (point >= 0xd800 && point < 0xe000) {
    const std::optional<uint32_t> low = point < 0xdc00 ? hex4(raw, at) : std::nullopt;
    if (low && *low >= 0xdc00 && *low < 0xe000) {
      at += 6;
      point = 0x10000 + ((point - 0xd800) << 10 | (*low - 0xdc00));
    } else {
      point = kReplacement;
    }
  }
  append_utf8(out, point);
  return true;
}

}  // namespace

std::string unescape_json(std::string_view raw, size_t most_bytes) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt", kCharacters = "\"\\/\b\f\n\r\t";
  std::string out;
  for (size_t at = 0; at < raw.size() && out.size() < most_bytes;) {
    if (raw[at] != '\\') {
      const size_t end = std::min(raw.find('\\', at), raw.size());
      out.append(raw, at, end - at);
      at = end;
      continue;
    }
    if (at + 1 == raw.size()) break;
    if (raw[at + 1] == 'u') {
      if (!append_unicode(out, raw, at)) break;
      continue;
    }
    const size_t which = kEscapes.find(raw[at + 1]);
    if (which == kEscapes.npos) break;
    out += kCharacters[which];
    at += 2;
  }
  if (out.size() > most_bytes) out.resize(most_bytes);
  return out;
}

}  // namespace cairn
