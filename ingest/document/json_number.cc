#include "ingest/document/json_number.h"

namespace cairn {

void JsonNumber::begin(uint8_t first) {
  why_wrong_ = {};
  state_ = State::kMinus;
  if (first != '-') take_digit(first);
}

const uint8_t* JsonNumber::pass(const uint8_t* p, const uint8_t* end) {
  while (p != end && (is_json_digit(*p) ? take_digit(*p) : take_other(*p))) ++p;
  return p;
}

// False when it doesn't belong there.
bool JsonNumber::take_digit(uint8_t digit) {
  switch (state_) {
    case State::kMinus: state_ = digit == '0' ? State::kZero : State::kWhole; break;
    case State::kZero: why_wrong_ = "a number with a zero before it"; return false;
    case State::kPoint: state_ = State::kFraction; break;
    case State::kExponent:
    case State::kSign: state_ = State::kPower; break;
    case State::kWhole:
    case State::kFraction:
    case State::kPower: break;
  }
  return true;
}

// False when the number ended before it, or it doesn't belong there.
bool JsonNumber::take_other(uint8_t c) {
  if (c == '.' && (state_ == State::kZero || state_ == State::kWhole)) {
    state_ = State::kPoint;
  } else if ((c | 0x20) == 'e' && whole() && state_ != State::kPower) {
    state_ = State::kExponent;
  } else if ((c == '+' || c == '-') && state_ == State::kExponent) {
    state_ = State::kSign;
  } else {
    if (!whole()) why_wrong_ = "a digit was expected in a number";
    return false;
  }
  return true;
}

}  // namespace cairn
