#include "cli/json_bytes.h"

#include "store/error.h"

namespace cairn {

namespace {

std::string base64(std::string_view bytes) {
  static constexpr char kBase64Digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view three = bytes.substr(i, 3);
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < three.size() ? static_cast<uint8_t>(three[k]) : 0U);
    for (size_t k = 0; k < 4; ++k) out += k <= three.size() ? kBase64Digits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace

std::string json_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

// One leaves odd bytes out, the other puts a mark in their place.
bool valid_utf8(std::string_view bytes) {
  const Json text(bytes);
  return text.dump(-1, ' ', false, Json::error_handler_t::ignore) == text.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void add_bytes(Json& to, const std::string& name, std::string_view bytes) {
  if (valid_utf8(bytes)) {
    to[name] = bytes;
    return;
  }
  to[name] = printable(bytes);
  to[name + "_base64"] = base64(bytes);
}

double seconds(uint64_t duration_ns) { return static_cast<double>(duration_ns) / 1e9; }

Json ratio(uint64_t before_bytes, uint64_t after_bytes) {
  return after_bytes == 0 ? Json() : Json(static_cast<double>(before_bytes) / static_cast<double>(after_bytes));
}

}  // namespace cairn
