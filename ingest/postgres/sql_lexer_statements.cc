// SqlLexer, inside of a statement: its words, as far as they decide where it ends and what follows it.
#include <algorithm>
#include <cctype>

#include "ingest/postgres/sql_bytes.h"
#include "ingest/postgres/sql_lexer.h"
#include "ingest/postgres/sql_names.h"

namespace cairn {

using namespace sql;   // NOLINT(google-build-using-namespace): its own parts

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
        tag_.assign(1, '$');
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
  constexpr std::string_view kMisread[] = {"sjis", "shiftjis", "shiftjis2004", "mskanji", "big5", "gbk", "uhc", "gb18030", "johab",
                                          "win932", "win936", "win949", "win950", "windows932", "windows936", "windows949", "windows950"};
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

}  // namespace cairn
