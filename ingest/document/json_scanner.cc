#include "ingest/document/json_scanner.h"

#include <algorithm>
#include <array>

#include "ingest/document/json_number.h"
#include "ingest/document/json_text.h"

namespace cairn {

namespace {

// Of a string's raw text, so that kMostTextBytes characters can be made of it whatever its escapes.
constexpr size_t kMostRawBytes = JsonScanner::kMostTextBytes * 6 + 12;
constexpr std::array<uint8_t, 3> kByteOrderMark = {0xef, 0xbb, 0xbf};

enum class Expect : uint8_t { kTop, kValue, kValueOrEnd, kName, kNameOrEnd, kColon, kCommaOrEnd };
// What a piece ended in the middle of.
enum class Inside : uint8_t { kNothing, kString, kNumber, kWord };
enum class Escape : uint8_t { kNone, kBackslash, kHex };

bool is_hex(uint8_t c) { return is_json_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

}  // namespace

// Everything that passes over bytes takes where it begins and returns where it ended: end_ when the piece is used up, nullptr after
// a failure.
struct JsonScanner::State {
  using Kind = JsonEvents::Kind;
  using At = const uint8_t*;

  explicit State(JsonEvents& e) : events(e), deepest(e.deepest()) {}

  void scan(ByteView bytes);
  void finish();
  At pass_byte_order_mark(At p);
  At run(At p);
  At go_on(At p);
  At value(At p);
  At open(At p, Kind kind);
  At close(At p);
  At value_ended(At p);
  At name(At p);
  At string(At p);
  At rest_of_string(At p);
  At hard_string(At p, At q);
  At hard_string_ended(At p);
  At name_ended(std::string_view plain, At p);
  At string_ended(std::string_view plain, At p);
  At number(At p);
  At rest_of_number(At p);
  At number_ended(std::string_view written, At p);
  At word(At p, Kind kind, std::string_view letters);
  At rest_of_word(At p);
  At comma_or_end(At p);

  uint64_t at(At p) const { return offset + static_cast<uint64_t>(p - begin_); }
  bool told() const { return depth == 0 ? deepest >= 0 : open_told && static_cast<int>(depth) <= deepest; }
  void keep(At from, At to) {
    if (keeping && text.size() < kMostRawBytes)
      text.append(reinterpret_cast<const char*>(from), std::min(static_cast<size_t>(to - from), kMostRawBytes - text.size()));
  }
  At fail(At p, const std::string& reason) {
    failed = true;
    why = "byte " + std::to_string(at(p)) + ": " + reason;
    return nullptr;
  }

  JsonEvents& events;
  int deepest;
  bool open_told = true;           // the innermost open container is told of
  bool in_object = false;          // it is an object
  Expect expect = Expect::kTop;
  size_t depth = 0;                // containers that are open
  At begin_ = nullptr, end_ = nullptr;
  uint64_t offset = 0;             // of the piece
  uint64_t values = 0, top_end = 0;
  Inside inside = Inside::kNothing;
  bool as_name = false, keeping = false, escaped = false, string_told = false, number_told = false;
  Escape escape = Escape::kNone;
  uint8_t hex_left = 0;
  JsonNumber digits;
  Kind word_kind = Kind::kNull;
  std::string_view letters;        // of the word that is being read
  size_t letters_seen = 0;
  uint64_t token_begin = 0;
  std::string text;                // of a string or number that began in an earlier piece, or of a string with escapes; as written
  size_t mark_seen = 0;            // bytes of a byte order mark; 3 when it can't come any more
  bool failed = false, cut = false;
  std::string why;
  struct Level {
    bool object, told;
  };
  std::array<Level, kMostDepth> levels;
};

void JsonScanner::State::scan(ByteView bytes) {
  if (failed || bytes.empty()) return;
  begin_ = bytes.data();
  end_ = begin_ + bytes.size();
  At p = begin_;
  if (mark_seen < kByteOrderMark.size()) p = pass_byte_order_mark(p);
  if (p != nullptr && p != end_ && inside != Inside::kNothing) p = go_on(p);
  if (p != nullptr && p != end_) run(p);
  offset += bytes.size();
}

JsonScanner::State::At JsonScanner::State::pass_byte_order_mark(At p) {
  for (; mark_seen < kByteOrderMark.size() && p != end_; ++p) {
    if (*p != kByteOrderMark[mark_seen]) {
      if (mark_seen > 0) return fail(p, "neither text nor a byte order mark");
      mark_seen = kByteOrderMark.size();
      return p;
    }
    ++mark_seen;
  }
  return p;
}

JsonScanner::State::At JsonScanner::State::go_on(At p) {
  const Inside what = std::exchange(inside, Inside::kNothing);
  if (what == Inside::kString) return rest_of_string(p);
  return what == Inside::kNumber ? rest_of_number(p) : rest_of_word(p);
}

JsonScanner::State::At JsonScanner::State::run(At p) {
  for (;;) {
    p = pass_json_space(p, end_);
    if (p == end_) return p;
    switch (expect) {
      case Expect::kNameOrEnd:
        if (*p == '}') {
          p = close(p);
          break;
        }
        [[fallthrough]];
      case Expect::kName:
        if (*p != '"') return fail(p, "the name of a member, in quotes, was expected");
        p = name(p);
        break;
      case Expect::kColon:
        if (*p != ':') return fail(p, "a colon was expected behind a member's name");
        expect = Expect::kValue;
        ++p;
        break;
      case Expect::kValueOrEnd:
        p = *p == ']' ? close(p) : value(p);
        break;
      case Expect::kTop:
        if (values > 0 && at(p) == top_end) return fail(p, "something follows the end of a value");
        [[fallthrough]];
      case Expect::kValue:
        p = value(p);
        break;
      case Expect::kCommaOrEnd:
        p = comma_or_end(p);
        break;
    }
    if (p == nullptr) return nullptr;
  }
}

JsonScanner::State::At JsonScanner::State::comma_or_end(At p) {
  if (*p == ',') {
    expect = in_object ? Expect::kName : Expect::kValue;
    return p + 1;
  }
  if (*p == (in_object ? '}' : ']')) return close(p);
  return fail(p, in_object ? "a comma or the end of the object was expected" : "a comma or the end of the array was expected");
}

JsonScanner::State::At JsonScanner::State::value(At p) {
  switch (*p) {
    case '"': return string(p);
    case '{': return open(p, Kind::kObject);
    case '[': return open(p, Kind::kArray);
    case 't': return word(p, Kind::kTrue, "true");
    case 'f': return word(p, Kind::kFalse, "false");
    case 'n': return word(p, Kind::kNull, "null");
    default:
      if (*p == '-' || is_json_digit(*p)) return number(p);
      return fail(p, "a value was expected");
  }
}

JsonScanner::State::At JsonScanner::State::open(At p, Kind kind) {
  if (depth == kMostDepth) return fail(p, "nested deeper than " + std::to_string(kMostDepth) + " levels");
  const bool tell = told();
  in_object = kind == Kind::kObject;
  if (tell) events.begin(kind, at(p));
  levels[depth++] = {in_object, tell};
  open_told = tell;
  if (tell) deepest = events.deepest();
  expect = in_object ? Expect::kNameOrEnd : Expect::kValueOrEnd;
  return p + 1;
}

JsonScanner::State::At JsonScanner::State::close(At p) {
  const Level level = levels[--depth];
  in_object = depth > 0 && levels[depth - 1].object;
  open_told = depth == 0 || levels[depth - 1].told;
  if (level.told) {
    events.end(level.object ? Kind::kObject : Kind::kArray, at(p) + 1);
    deepest = events.deepest();
  }
  return value_ended(p + 1);
}

// The comma most often follows at once.
inline JsonScanner::State::At JsonScanner::State::value_ended(At p) {
  if (depth == 0) {
    ++values;
    top_end = at(p);
    expect = Expect::kTop;
    return p;
  }
  if (p != end_ && *p == ',') {
    expect = in_object ? Expect::kName : Expect::kValue;
    return p + 1;
  }
  expect = Expect::kCommaOrEnd;
  return p;
}

inline JsonScanner::State::At JsonScanner::State::name(At p) {
  token_begin = at(p);
  keeping = told();
  const At q = pass_plain_text(p + 1, end_);
  if (q != end_ && *q == '"') return name_ended({reinterpret_cast<const char*>(p) + 1, static_cast<size_t>(q - p) - 1}, q + 1);
  as_name = true;
  return hard_string(p + 1, q);
}

inline JsonScanner::State::At JsonScanner::State::string(At p) {
  token_begin = at(p);
  string_told = told();
  keeping = string_told && events.wanted();
  const At q = pass_plain_text(p + 1, end_);
  if (q != end_ && *q == '"') return string_ended({reinterpret_cast<const char*>(p) + 1, static_cast<size_t>(q - p) - 1}, q + 1);
  as_name = false;
  return hard_string(p + 1, q);
}

// One with escapes, or one that isn't all in this piece: from `p` to `q` it is plain.
JsonScanner::State::At JsonScanner::State::hard_string(At p, At q) {
  text.clear();
  escaped = false;
  escape = Escape::kNone;
  keep(p, q);
  return rest_of_string(q);
}

JsonScanner::State::At JsonScanner::State::rest_of_string(At p) {
  while (p != end_) {
    switch (escape) {
      case Escape::kNone: {
        const At q = pass_plain_text(p, end_);
        keep(p, q);
        p = q;
        if (p == end_) break;
        if (*p == '"') return hard_string_ended(p + 1);
        if (*p != '\\') return fail(p, "a control character in a string");
        escape = Escape::kBackslash;
        escaped = true;
        keep(p, p + 1);
        ++p;
        break;
      }
      case Escape::kBackslash:
        if (*p == 'u') {
          escape = Escape::kHex;
          hex_left = 4;
        } else if (*p == 0 || std::string_view("\"\\/bfnrt").find(static_cast<char>(*p)) == std::string_view::npos) {
          return fail(p, "a backslash before something that needs none");
        } else {
          escape = Escape::kNone;
        }
        keep(p, p + 1);
        ++p;
        break;
      case Escape::kHex:
        if (!is_hex(*p)) return fail(p, "four hexadecimal digits were expected behind \\u");
        keep(p, p + 1);
        ++p;
        if (--hex_left == 0) escape = Escape::kNone;
        break;
    }
  }
  inside = Inside::kString;
  return p;
}

JsonScanner::State::At JsonScanner::State::hard_string_ended(At p) {
  if (keeping && escaped) text = unescape_json(text, kMostTextBytes);
  return as_name ? name_ended(text, p) : string_ended(text, p);
}

inline JsonScanner::State::At JsonScanner::State::name_ended(std::string_view plain, At p) {
  if (keeping) events.name(plain.substr(0, kMostTextBytes), token_begin);
  if (p != end_ && *p == ':') {
    expect = Expect::kValue;
    return p + 1;
  }
  expect = Expect::kColon;
  return p;
}

inline JsonScanner::State::At JsonScanner::State::string_ended(std::string_view plain, At p) {
  if (string_told) events.scalar(Kind::kString, keeping ? plain.substr(0, kMostTextBytes) : "", token_begin, at(p));
  return value_ended(p);
}

JsonScanner::State::At JsonScanner::State::number(At p) {
  token_begin = at(p);
  number_told = told();
  // Whole numbers first: most are.
  const At first = p + (*p == '-');
  At q = first;
  while (q != end_ && is_json_digit(*q)) ++q;
  const bool plain_whole = q != end_ && q != first && (*first != '0' || q - first == 1) && *q != '.' && (*q | 0x20) != 'e';
  if (plain_whole) return number_ended({reinterpret_cast<const char*>(p), static_cast<size_t>(q - p)}, q);
  text.clear();
  keeping = number_told;
  digits.begin(*p);
  keep(p, p + 1);
  return rest_of_number(p + 1);
}

JsonScanner::State::At JsonScanner::State::rest_of_number(At p) {
  const At q = digits.pass(p, end_);
  if (!digits.why_wrong().empty()) return fail(q, std::string(digits.why_wrong()));
  keep(p, q);
  if (q != end_) return number_ended(text, q);
  inside = Inside::kNumber;
  return q;
}

JsonScanner::State::At JsonScanner::State::number_ended(std::string_view written, At p) {
  if (number_told) events.scalar(Kind::kNumber, written.substr(0, kMostTextBytes), token_begin, at(p));
  return value_ended(p);
}

JsonScanner::State::At JsonScanner::State::word(At p, Kind kind, std::string_view whole) {
  token_begin = at(p);
  word_kind = kind;
  letters = whole;
  letters_seen = 1;
  return rest_of_word(p + 1);
}

JsonScanner::State::At JsonScanner::State::rest_of_word(At p) {
  for (; letters_seen < letters.size(); ++letters_seen, ++p) {
    if (p == end_) {
      inside = Inside::kWord;
      return p;
    }
    if (*p != static_cast<uint8_t>(letters[letters_seen])) return fail(p, "no word but true, false and null may stand here");
  }
  if (told()) events.scalar(word_kind, letters, token_begin, at(p));
  return value_ended(p);
}

void JsonScanner::State::finish() {
  if (failed) return;
  begin_ = end_ = nullptr;
  // A number at the top ends with the text.
  if (inside == Inside::kNumber && depth == 0 && digits.whole()) {
    inside = Inside::kNothing;
    number_ended(text, end_);
  }
  if (inside == Inside::kNothing && depth == 0) {
    if (values == 0) fail(end_, "the text ends without a value");
    return;
  }
  cut = failed = true;
  why = "breaks off at byte " + std::to_string(offset);
  constexpr std::array<std::string_view, 4> kWhere = {"", " inside a string", " inside a number", " inside a word"};
  why += kWhere[static_cast<size_t>(inside)];
}

JsonScanner::JsonScanner(JsonEvents& events) : state_(std::make_unique<State>(events)) {}
JsonScanner::~JsonScanner() = default;
void JsonScanner::scan(ByteView bytes) { state_->scan(bytes); }
void JsonScanner::finish() { state_->finish(); }
bool JsonScanner::failed() const { return state_->failed; }
const std::string& JsonScanner::why_failed() const { return state_->why; }
bool JsonScanner::cut() const { return state_->cut; }
uint64_t JsonScanner::values() const { return state_->values; }

}  // namespace cairn
