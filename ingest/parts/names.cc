#include "ingest/parts/names.h"

#include <cstdint>

namespace cairn {

namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

bool must_escape(char c, bool first) {
  uint8_t byte = static_cast<uint8_t>(c);
  return byte < 0x20 || byte == 0x7f || c == '%' || c == '/' || (first && c == '.');
}

}  // namespace

std::string escape_part_name(std::string_view name) {
  if (name.empty()) return "%";
  std::string out;
  for (char c : name) {
    if (must_escape(c, out.empty())) {
      uint8_t byte = static_cast<uint8_t>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> unescape_part_name(std::string_view escaped) {
  if (escaped == "%") return "";
  std::string out;
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '%') {
      out += escaped[i];
      continue;
    }
    if (i + 2 >= escaped.size()) return std::nullopt;
    size_t high = kDigits.find(escaped[i + 1]), low = kDigits.find(escaped[i + 2]);
    if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  if (out.empty() || escape_part_name(out) != escaped) return std::nullopt;
  return out;
}

}  // namespace cairn
