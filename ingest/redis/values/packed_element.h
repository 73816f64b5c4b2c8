// What a listpack or a ziplist holds: a string, or an integer that stands for its decimal digits.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "store/bytes.h"

namespace cairn {

class PackedElement {
 public:
  PackedElement() = default;
  explicit PackedElement(ByteView bytes) : bytes_(cairn::text(bytes)), is_integer_(false) {}
  explicit PackedElement(int64_t integer) : integer_(integer), is_integer_(true) {
    digits_size_ = static_cast<size_t>(std::to_chars(digits_.data(), digits_.data() + digits_.size(), integer).ptr - digits_.data());
  }

  // A string's bytes, or the integer's digits; these live in this object.
  std::string_view text() const { return is_integer_ ? std::string_view(digits_.data(), digits_size_) : bytes_; }
  // nullopt: a string, even one of digits.
  std::optional<int64_t> integer() const { return is_integer_ ? std::optional(integer_) : std::nullopt; }

 private:
  std::string_view bytes_;
  int64_t integer_ = 0;
  std::array<char, 20> digits_{};
  size_t digits_size_ = 0;
  bool is_integer_ = false;
};

}  // namespace cairn
