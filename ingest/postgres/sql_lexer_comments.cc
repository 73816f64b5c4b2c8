// SqlLexer, inside of comments and dollar quotes: nothing in them is looked at but where they end.
#include <utility>

#include "ingest/postgres/sql_bytes.h"
#include "ingest/postgres/sql_lexer.h"

namespace cairn {

using namespace sql;   // NOLINT(google-build-using-namespace): its own parts

namespace {

constexpr size_t kMostTagBytes = 1024;

}  // namespace

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

}  // namespace cairn
