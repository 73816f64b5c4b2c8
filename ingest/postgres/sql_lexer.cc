#include "ingest/postgres/sql_lexer.h"

#include <cctype>
#include <algorithm>
#include <array>
#include <cstring>

#include "ingest/postgres/sql_names.h"

namespace cairn {

namespace {

constexpr size_t kMostCommentBytes = size_t{4} << 10;
constexpr size_t kMostCommandBytes = size_t{64} << 10;
constexpr uint64_t kMostUnsettledBytes = uint64_t{60} << 10;
constexpr size_t kMostTagBytes = 1024;
constexpr size_t kSliceBytes = size_t{128} << 10;   // what stays in the cache between the search for a NUL and the rest

enum ByteClass : uint8_t {
  kPlain, kBlank, kWordByte, kSingleQuote, kDoubleQuote, kDollar, kMinus, kDivide, kOpen, kClose, kSemicolon, kBackslashByte
};

constexpr std::array<ByteClass, 256> kClass = [] {
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

bool blank(uint8_t c) { return kClass[c] == kBlank; }
bool digit(uint8_t c) { return c >= '0' && c <= '9'; }

// Where `c` stands in bytes [at, size), `size` if nowhere.
size_t find(const uint8_t* bytes, size_t at, size_t size, char c) {
  const void* found = std::memchr(bytes + at, c, size - at);
  return found ? static_cast<size_t>(static_cast<const uint8_t*>(found) - bytes) : size;
}

}  // namespace

SqlLexer::SqlLexer(SqlHandler& handler, size_t most_text_bytes, uint64_t offset)
    : handler_(handler), most_text_bytes_(most_text_bytes), offset_(offset) {}

void SqlLexer::feed(ByteView bytes) {
  while (!bytes.empty() && !failed()) {
    const ByteView slice = bytes.first(std::min(bytes.size(), kSliceBytes));
    bytes = bytes.subspan(slice.size());
    const size_t sound = find(slice.data(), 0, slice.size(), '\0');
    run(slice.first(sound));
    if (!failed() && sound < slice.size()) fail(0, "a zero byte, which SQL never holds");
  }
}

void SqlLexer::run(ByteView piece) {
  piece_ = piece.data();
  size_ = piece.size();
  from_ = 0;
  for (size_t at = 0; at < size_ && !failed();) at = step(at);
  if (failed()) return;
  if (capturing_) save_capture(size_);
  offset_ += size_;
  size_ = 0;
  if (inside_ && offset_ - begin_ > kMostStatementBytes) {
    offset_ = begin_;
    fail(0, "a statement that doesn't end within a gigabyte");
  }
}

size_t SqlLexer::step(size_t at) {
  switch (state_) {
    case State::kBetween: return between(at);
    case State::kComment:
    case State::kCommand: return line(at);
    case State::kDashBetween:
    case State::kSlashBetween:
    case State::kDash:
    case State::kSlash: return half_comment(at);
    case State::kCode: return code(at);
    case State::kWord: return word(at);
    case State::kUAmpersand:
      state_ = piece_[at] == '\'' ? State::kQuote : State::kCode;
      return state_ == State::kQuote ? at + 1 : at;
    case State::kLineComment: return line_comment(at);
    case State::kBlockComment: return block_comment(at);
    case State::kQuote: return closed_by(at, '\'');
    case State::kName: return closed_by(at, '"');
    case State::kEscapes: return escapes(at);
    case State::kBackslash: state_ = State::kEscapes; return at + 1;
    case State::kEscapesQuote:
      state_ = piece_[at] == '\'' ? State::kEscapes : State::kAfterEscapes;
      newline_seen_ = false;
      return state_ == State::kEscapes ? at + 1 : at;
    case State::kAfterEscapes: return after_escapes(at);
    case State::kDollarTag: return dollar_tag(at);
    case State::kDollarBody: return dollar_body(at);
    case State::kCopyLineEnd: return copy_line_end(at);
    case State::kRows: return rows(at);
  }
  return size_;
}

size_t SqlLexer::between(size_t at) {
  while (at < size_ && (blank(piece_[at]) || piece_[at] == ';')) ++at;
  if (at == size_) return at;
  begin_capture(at);
  switch (kClass[piece_[at]]) {
    case kMinus: state_ = State::kDashBetween; return at + 1;
    case kDivide: state_ = State::kSlashBetween; return at + 1;
    case kBackslashByte: state_ = State::kCommand; return at + 1;
    default: begin_statement(); return at;
  }
}

// A comment or command, up to its line's end.
size_t SqlLexer::line(size_t at) {
  const size_t end = find(piece_, at, size_, '\n');
  if (const auto found = lone_return(at, end); found && state_ == State::kComment) return fail(*found, "a carriage return in a comment");
  if (end == size_) return end;
  const std::string_view text = captured(end);
  capturing_ = false;
  const bool command = std::exchange(state_, State::kBetween) == State::kCommand;
  if (command) {
    // Another session: with what a server has unless it is told otherwise.
    if (text.starts_with("\\connect") || text.starts_with("\\c ")) standard_strings_ = true;
    handler_.on_command(begin_, offset_ + end + 1, text);
  } else {
    handler_.on_comment(begin_, offset_ + end + 1, text);
  }
  return end + 1;
}

// Behind a - or / that may begin a comment.
size_t SqlLexer::half_comment(size_t at) {
  const bool between = state_ == State::kDashBetween || state_ == State::kSlashBetween;
  const bool dash = state_ == State::kDashBetween || state_ == State::kDash;
  if (dash && piece_[at] == '-') {
    state_ = between ? State::kComment : State::kLineComment;
    return at + 1;
  }
  if (!dash && piece_[at] == '*') {
    state_ = State::kBlockComment;
    comment_depth_ = 1;
    comment_before_ = 0;
    return at + 1;
  }
  if (between) begin_statement();
  state_ = State::kCode;
  return at;
}

void SqlLexer::begin_statement() {
  state_ = State::kCode;
  inside_ = true;
  verb_ = Verb::kUnknown;
  words_ = 0;
  parentheses_ = blocks_ = tuples_ = 0;
  from_seen_ = copies_in_ = values_seen_ = false;
}

size_t SqlLexer::code(size_t at) {
  while (at < size_ && state_ == State::kCode) {
    switch (kClass[piece_[at]]) {
      case kPlain:
      case kBlank: ++at; break;
      case kWordByte:
        word_size_ = 0;
        state_ = State::kWord;
        at = word(at);
        break;
      case kSingleQuote: state_ = standard_strings_ ? State::kQuote : State::kEscapes; ++at; break;
      case kDoubleQuote: state_ = State::kName; ++at; break;
      case kDollar:
        tag_ = "$";
        state_ = State::kDollarTag;
        ++at;
        break;
      case kMinus: state_ = State::kDash; ++at; break;
      case kDivide: state_ = State::kSlash; ++at; break;
      case kOpen:
        if (parentheses_++ == 0) ++tuples_;
        ++at;
        break;
      case kClose:
        if (parentheses_ > 0) --parentheses_;
        ++at;
        break;
      case kSemicolon:
        ++at;
        if (parentheses_ == 0 && blocks_ == 0) return end_statement(at);
        break;
      case kBackslashByte: return fail(at, "a backslash command inside a statement");
    }
  }
  return at;
}

size_t SqlLexer::word(size_t at) {
  for (; at < size_ && (kClass[piece_[at]] == kWordByte || (piece_[at] == '$' && !digit(static_cast<uint8_t>(word_[0])))); ++at, ++word_size_) {
    const uint8_t c = piece_[at];
    if (word_size_ < sizeof word_) word_[word_size_] = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  if (at == size_) return at;
  state_ = State::kCode;
  const bool one = word_size_ == 1;
  if (!digit(static_cast<uint8_t>(word_[0]))) word_ends();
  else if (piece_[at] == '$' || piece_[at] == '\'') return fail(at, "a number that runs into a quote");   // versions of psql differ
  if (one && word_[0] == 'e' && piece_[at] == '\'') {
    state_ = State::kEscapes;
    return at + 1;
  }
  if (one && word_[0] == 'u' && piece_[at] == '&') {
    state_ = State::kUAmpersand;
    return at + 1;
  }
  return at;
}

// As psql counts: only the words that a routine begins with make BEGIN … END a body, and only inside one CASE needs an END too.
void SqlLexer::word_ends() {
  const std::string_view word(word_, std::min(word_size_, sizeof word_));
  const uint32_t nth = words_++;
  switch (verb_) {
    case Verb::kUnknown:
      verb_ = word == "copy" ? Verb::kCopy : word == "insert" ? Verb::kInsert : word == "set" ? Verb::kSet
              : word == "create" ? Verb::kCreate : Verb::kOther;
      break;
    case Verb::kCreate: {
      const bool routine = (nth == 1 || nth == 3) && (word == "function" || word == "procedure");
      const bool or_replace = (nth == 1 && word == "or") || (nth == 2 && word == "replace");
      verb_ = routine ? Verb::kRoutine : or_replace ? Verb::kCreate : Verb::kOther;
      break;
    }
    case Verb::kRoutine:
      if (parentheses_ > 0) break;
      if (word == "begin" || (word == "case" && blocks_ > 0)) ++blocks_;
      if (word == "end" && blocks_ > 0) --blocks_;
      break;
    case Verb::kCopy:
      if (parentheses_ > 0) break;
      if ((word == "stdin" || word == "stdout") && from_seen_) copies_in_ = true;
      from_seen_ = word == "from";
      break;
    case Verb::kInsert:
      if (parentheses_ > 0 || word != "values") break;
      values_seen_ = true;
      tuples_ = 0;
      break;
    case Verb::kSet:
    case Verb::kOther: break;
  }
}

size_t SqlLexer::end_statement(size_t behind) {
  SqlStatement statement;
  statement.begin = begin_;
  statement.end = offset_ + behind;
  statement.text = captured(behind);
  statement.copies_in = copies_in_;
  // INSERT INTO t DEFAULT VALUES makes a row without any parentheses.
  if (verb_ == Verb::kInsert && values_seen_) statement.tuples = std::max<uint64_t>(tuples_, 1);
  if (verb_ == Verb::kSet && !obey_set(statement.text)) return fail(behind, "a client encoding whose characters may hold a backslash");
  inside_ = capturing_ = false;
  state_ = copies_in_ ? State::kCopyLineEnd : State::kBetween;
  handler_.on_statement(statement);
  return behind;
}

// False for what would be read otherwise than psql does.
bool SqlLexer::obey_set(std::string_view text) {
  // Their second bytes may be a backslash or a quote (PostgreSQL documentation: 24.3 Character Set Support, "client only").
  constexpr std::string_view kMisread[] = {"sjis", "shiftjis", "shiftjis2004", "mskanji", "big5", "gbk", "uhc", "gb18030", "johab", "win932", "win936", "win949", "win950", "windows932", "windows936", "windows949", "windows950"};
  SqlTokens tokens(text);
  tokens.take();
  if (!tokens.accept("session")) tokens.accept("local");
  const bool strings = tokens.accept("standard_conforming_strings");
  if (!strings && !tokens.accept("client_encoding") && !tokens.accept("names")) return true;
  if (!tokens.accept_symbol('=')) tokens.accept("to");
  std::string value;
  for (const char c : tokens.take().text)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) value += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (!strings) return std::ranges::find(kMisread, value) == std::end(kMisread);
  // As the server takes it: any case, any beginning that is clear.
  const bool off = value == "0" || (value.size() >= 2 && std::string_view("off").starts_with(value)) ||
                   (!value.empty() && (std::string_view("false").starts_with(value) || std::string_view("no").starts_with(value)));
  standard_strings_ = !off;
  return true;
}

// For psql and servers a comment ends there too: what follows would be code, or a command.
std::optional<size_t> SqlLexer::lone_return(size_t at, size_t end) {
  if (std::exchange(return_seen_, false) && at < size_ && piece_[at] != '\n') return at - 1;   // in the piece before, it may be
  const size_t found = find(piece_, at, end, '\r');
  return_seen_ = found + 1 == end && end == size_;
  if (found + 1 < end) return found;
  return std::nullopt;
}

size_t SqlLexer::line_comment(size_t at) {
  const size_t end = find(piece_, at, size_, '\n');
  if (const auto found = lone_return(at, end)) return fail(*found, "a carriage return in a comment");
  at = end;
  if (at < size_) state_ = State::kCode;
  return at;
}

size_t SqlLexer::block_comment(size_t at) {
  for (; at < size_; ++at) {
    const uint8_t c = piece_[at], before = std::exchange(comment_before_, c);
    if (before == '*' && c == '/') {
      comment_before_ = 0;
      if (--comment_depth_ > 0) continue;
      state_ = inside_ ? State::kCode : State::kBetween;
      capturing_ = inside_;
      return at + 1;
    }
    if (before == '/' && c == '*') {
      comment_before_ = 0;
      ++comment_depth_;
    }
  }
  return at;
}

// Two quotes for one end it and begin it again, which comes to the same.
size_t SqlLexer::closed_by(size_t at, char quote) {
  at = find(piece_, at, size_, quote);
  if (at == size_) return at;
  state_ = State::kCode;
  return at + 1;
}

size_t SqlLexer::escapes(size_t at) {
  while (at < size_ && piece_[at] != '\'' && piece_[at] != '\\') ++at;
  if (at == size_) return at;
  state_ = piece_[at] == '\'' ? State::kEscapesQuote : State::kBackslash;
  return at + 1;
}

// A string goes on behind blank space with a line end in it, and keeps its backslashes.
size_t SqlLexer::after_escapes(size_t at) {
  for (; at < size_ && blank(piece_[at]); ++at) newline_seen_ = newline_seen_ || piece_[at] == '\n' || piece_[at] == '\r';
  if (at == size_) return at;
  const bool goes_on = piece_[at] == '\'' && newline_seen_;
  state_ = goes_on ? State::kEscapes : State::kCode;
  return goes_on ? at + 1 : at;
}

size_t SqlLexer::dollar_tag(size_t at) {
  const uint8_t c = piece_[at];
  if (c == '$') {
    tag_ += '$';
    matched_ = 0;
    state_ = State::kDollarBody;
    return at + 1;
  }
  if (c == '\'' && tag_.size() > 1) return fail(at, "a dollar quote that runs into a string");
  if (kClass[c] != kWordByte || (digit(c) && tag_.size() == 1)) {
    state_ = State::kCode;
    return at;
  }
  if (tag_.size() > kMostTagBytes) return fail(at, "a dollar quote whose name doesn't end");
  tag_ += static_cast<char>(c);
  return at + 1;
}

size_t SqlLexer::dollar_body(size_t at) {
  while (at < size_) {
    if (matched_ == 0) {
      at = find(piece_, at, size_, '$');
      if (at == size_) break;
      matched_ = 1;
      ++at;
    } else if (piece_[at] == static_cast<uint8_t>(tag_[matched_])) {
      ++at;
      if (++matched_ < tag_.size()) continue;
      state_ = State::kCode;
      break;
    } else {
      matched_ = 0;   // a dollar here is looked at again: it may begin the end
    }
  }
  return at;
}

size_t SqlLexer::copy_line_end(size_t at) {
  if (piece_[at] == '\n') {
    state_ = State::kRows;
    rows_.begin(offset_ + at + 1);
    return at + 1;
  }
  return blank(piece_[at]) ? at + 1 : fail(at, "text behind COPY … FROM stdin on its line");
}

size_t SqlLexer::rows(size_t at) {
  at = rows_.pass(handler_, piece_, at, size_, offset_);
  if (rows_.ended()) state_ = State::kBetween;
  return at;
}

size_t SqlLexer::most_captured() const {
  return state_ == State::kComment ? kMostCommentBytes : state_ == State::kCommand ? kMostCommandBytes : most_text_bytes_;
}

void SqlLexer::begin_capture(size_t at) {
  capturing_ = true;
  begin_ = offset_ + at;
  from_ = at;
  if (saved_.capacity() > kSliceBytes) saved_ = {};
  saved_.clear();
}

// Valid until begin_capture().
std::string_view SqlLexer::captured(size_t end) {
  if (!saved_.empty()) {
    save_capture(end);
    return saved_;
  }
  return text(ByteView(piece_ + from_, std::min(end - from_, most_captured())));
}

void SqlLexer::save_capture(size_t end) {
  const size_t most = most_captured();
  if (saved_.size() >= most) return;
  saved_ += text(ByteView(piece_ + from_, std::min(end - from_, most - saved_.size())));
}

size_t SqlLexer::fail(size_t at, const char* why) {
  offset_ += at;
  why_failed_ = std::string(why) + ", at byte " + std::to_string(offset_);
  capturing_ = inside_ = false;
  return size_;
}

uint64_t SqlLexer::unsettled() const {
  const bool open_line = state_ == State::kDashBetween || state_ == State::kComment || state_ == State::kCommand;
  if (open_line && offset_ - begin_ <= kMostUnsettledBytes) return begin_;
  return state_ == State::kRows ? offset_ - rows_.held() : offset_;
}

std::optional<SqlLexer::Unfinished> SqlLexer::finish() {
  if (failed()) return std::nullopt;
  switch (state_) {
    case State::kBetween: return std::nullopt;
    case State::kComment: handler_.on_comment(begin_, offset_, saved_); return std::nullopt;
    case State::kCommand: handler_.on_command(begin_, offset_, saved_); return std::nullopt;
    case State::kQuote:
    case State::kEscapes:
    case State::kBackslash: return Unfinished{"a string", begin_};
    case State::kName: return Unfinished{"a quoted name", begin_};
    case State::kDollarBody: return Unfinished{"a dollar-quoted string", begin_};
    case State::kBlockComment: return Unfinished{"a comment", begin_};
    case State::kCopyLineEnd: return Unfinished{"the rows of a COPY", offset_};
    case State::kRows: return Unfinished{"the rows of a COPY", rows_.begin_offset()};
    default: return Unfinished{"a statement", begin_};
  }
}

}  // namespace cairn
