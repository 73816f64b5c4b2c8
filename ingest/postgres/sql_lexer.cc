#include "ingest/postgres/sql_lexer.h"

#include <algorithm>
#include <utility>

#include "ingest/postgres/sql_bytes.h"

namespace cairn {

using namespace sql;   // NOLINT(google-build-using-namespace): its own parts

namespace {

constexpr size_t kMostCommentBytes = size_t{4} << 10;
constexpr size_t kMostCommandBytes = size_t{64} << 10;
constexpr uint64_t kMostUnsettledBytes = uint64_t{60} << 10;
constexpr size_t kSliceBytes = size_t{128} << 10;   // what stays in the cache between the search for a NUL and the rest

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
