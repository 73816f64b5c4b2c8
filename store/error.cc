#include "store/error.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace cairn {

Error errno_error(int error_number, std::string_view what) {
  ErrorCode code = ErrorCode::kIo;
  if (error_number == ENOSPC || error_number == EDQUOT) code = ErrorCode::kNoSpace;
  if (error_number == ENOENT) code = ErrorCode::kNotFound;
  return Error(code, std::string(what) + ": " + std::generic_category().message(error_number));
}

void throw_errno(std::string_view what) { throw errno_error(errno, what); }

namespace {

// Length in bytes of the valid UTF-8 sequence at the start of `s`, 0 if there is none; its code point in *point.
size_t utf8_length(std::string_view s, uint32_t* point) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(s[i]); };
  uint8_t lead = byte(0);
  size_t length = lead < 0x80 ? 1 : (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : (lead >> 3) == 30 ? 4 : 0;
  if (length == 0 || s.size() < length) return 0;
  uint32_t value = length == 1 ? lead : lead & (0x7fU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    value = value << 6 | (byte(i) & 0x3fU);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return 0;
  *point = value;
  return length;
}

bool harmless(uint32_t point) {
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return false;
  bool bidi = point == 0x61c || point == 0x200e || point == 0x200f || (point >= 0x202a && point <= 0x202e) ||
              (point >= 0x2066 && point <= 0x2069);
  return !bidi && point != 0x2028 && point != 0x2029;
}

}  // namespace

std::string printable(std::string_view name) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  while (!name.empty()) {
    uint32_t point = 0;
    size_t length = utf8_length(name, &point);
    bool keep = length > 0 && harmless(point);
    size_t taken = length > 0 ? length : 1;
    if (keep) out.append(name.substr(0, taken));
    for (size_t i = 0; !keep && i < taken; ++i) {
      auto value = static_cast<uint8_t>(name[i]);
      out += {'\\', 'x', kHex[value >> 4], kHex[value & 15]};
    }
    name.remove_prefix(taken);
  }
  return out;
}

}  // namespace cairn
