// The grammar of a JSON number, in pieces.
#pragma once

#include <cstdint>
#include <string_view>

namespace cairn {

inline bool is_json_digit(uint8_t c) { return c >= '0' && c <= '9'; }

class JsonNumber {
 public:
  // `first`: a minus or a digit.
  void begin(uint8_t first);
  // What comes behind it.  Returns where the number ends, `end` when it may go on, or where it is wrong.
  const uint8_t* pass(const uint8_t* p, const uint8_t* end);
  // For people; "" when nothing is.
  std::string_view why_wrong() const { return why_wrong_; }
  // It may end here.
  bool whole() const { return state_ == State::kZero || state_ == State::kWhole || state_ == State::kFraction || state_ == State::kPower; }

 private:
  // What was read last.
  enum class State : uint8_t { kMinus, kZero, kWhole, kPoint, kFraction, kExponent, kSign, kPower };
  bool take_digit(uint8_t digit);
  bool take_other(uint8_t c);
  State state_ = State::kMinus;
  std::string_view why_wrong_;
};

}  // namespace cairn
