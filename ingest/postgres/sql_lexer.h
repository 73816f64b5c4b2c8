// Cuts the text of an SQL script, as psql reads it, into statements, COPY rows, backslash commands and comments, in one pass and
// however the bytes are split over calls.
//
// Understood:  '…' with '' (with backslashes after SET standard_conforming_strings = off), E'…', U&'…', "…" with "",
//              $tag$…$tag$, -- and nested /* */, parentheses, CREATE FUNCTION|PROCEDURE … BEGIN ATOMIC …; END, COPY … FROM stdin
//              with any options.
// Refused:     client encodings whose characters may hold a backslash (SJIS, BIG5, GBK …); what no dump holds and what psql would take otherwise than a server: a NUL, a backslash command inside a statement,
//              text behind `COPY … FROM stdin;` on its line, a statement of more than kMostStatementBytes, a dollar tag of absurd length.
//
// Memory:   the text of one statement, up to the cap given.
// Speed:    COPY rows at several GB/s; a statement that lies in one piece isn't copied.
// Threads:  one thread at a time.
// Source:   PostgreSQL documentation: 4.1 Lexical Structure, COPY, psql ("Meta-Commands", "SQL Interpolation").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/postgres/copy_rows.h"
#include "store/bytes.h"

namespace cairn {

struct SqlStatement {
  uint64_t begin = 0;        // offset of its first byte
  uint64_t end = 0;          // just behind its `;`
  std::string_view text;     // from begin on, at most the cap; valid during the call
  bool copies_in = false;    // COPY … FROM stdin: rows follow
  uint64_t tuples = 0;       // INSERT: how many tuples stand behind VALUES, whatever the cap
  bool whole() const { return text.size() == end - begin; }
};

// What is called during feed() and finish(), in the order of the text.  What these throw comes out of feed(); the lexer is useless then.
class SqlHandler {
 public:
  virtual ~SqlHandler() = default;
  virtual void on_statement(const SqlStatement& statement) = 0;
  // The next bytes of COPY rows, as they stand, not cut at lines; the first stands at `begin`.  `lines`: how many line ends they hold.
  virtual void on_rows(uint64_t begin, ByteView rows, uint64_t lines) = 0;
  // After the last of them, also when there was none: the rows are [begin, end), `behind` is behind the line `\.`.
  virtual void on_rows_end(uint64_t begin, uint64_t end, uint64_t behind) = 0;
  // A backslash command, with all of its line but the line end (`\connect db`); `end`: behind the line end.  At most 64 KiB of text.
  virtual void on_command(uint64_t begin, uint64_t end, std::string_view line) = 0;
  // A comment that begins with -- between statements, likewise; at most 4 KiB of text.
  virtual void on_comment(uint64_t begin, uint64_t end, std::string_view line) = 0;
};

class SqlLexer {
 public:
  static constexpr uint64_t kMostStatementBytes = uint64_t{1} << 30;

  // `handler` must outlive this.  `most_text_bytes`: how much of a statement on_statement() gets.  `offset`: of the first byte.
  SqlLexer(SqlHandler& handler, size_t most_text_bytes, uint64_t offset = 0);

  // The next bytes.  Nothing is done with them once failed().
  void feed(ByteView bytes);

  // What the text broke off in.
  struct Unfinished {
    std::string what;      // "a statement", "a string", "the rows of a COPY" …
    uint64_t begin = 0;    // of the statement, of the rows, of the command
  };
  // The end of the text, once.  A command or comment without a line end is handed over; nullopt: it ended between statements.
  std::optional<Unfinished> finish();

  // Bytes fed; while failed(): where that was.
  uint64_t position() const { return offset_; }
  // Where the command, comment or `\.` line begins whose end hasn't been seen; position() otherwise, and when it is longer than 60 KiB.
  uint64_t unsettled() const;

  // Whether '…' takes backslashes as they are: standard_conforming_strings, as the last SET or \connect left it.
  bool standard_strings() const { return standard_strings_; }

  bool failed() const { return !why_failed_.empty(); }
  // "…, at byte N"
  const std::string& why_failed() const { return why_failed_; }

 private:
  enum class State : uint8_t {
    kBetween, kDashBetween, kSlashBetween, kComment, kCommand,               // between statements
    kCode, kWord, kUAmpersand, kDash, kSlash, kLineComment, kDollarTag,      // inside of one, where a `;` may end it
    kQuote, kEscapes, kBackslash, kEscapesQuote, kAfterEscapes, kName, kDollarBody,
    kBlockComment,                                                           // anywhere
    kCopyLineEnd, kRows,                                                     // behind COPY … FROM stdin;
  };
  // What a statement began with, as far as that decides where it ends or what follows it.
  enum class Verb : uint8_t { kUnknown, kOther, kCopy, kInsert, kSet, kCreate, kRoutine };

  // Each goes on at piece_[at] in its state and returns where the next one does.
  size_t step(size_t at);
  size_t between(size_t at);
  size_t line(size_t at);
  size_t code(size_t at);
  size_t word(size_t at);
  size_t half_comment(size_t at);
  size_t line_comment(size_t at);
  std::optional<size_t> lone_return(size_t at, size_t end);
  size_t block_comment(size_t at);
  size_t closed_by(size_t at, char quote);
  size_t escapes(size_t at);
  size_t after_escapes(size_t at);
  size_t dollar_tag(size_t at);
  size_t dollar_body(size_t at);
  size_t copy_line_end(size_t at);
  size_t rows(size_t at);

  void run(ByteView piece);
  void begin_statement();
  void word_ends();
  size_t end_statement(size_t behind);
  bool obey_set(std::string_view text);
  size_t most_captured() const;
  void begin_capture(size_t at);
  std::string_view captured(size_t end);
  void save_capture(size_t end);
  size_t fail(size_t at, const char* why);

  SqlHandler& handler_;
  const size_t most_text_bytes_;
  uint64_t offset_;                // of piece_[0] during feed(), of the next byte otherwise
  const uint8_t* piece_ = nullptr;
  size_t size_ = 0;
  std::string why_failed_;
  State state_ = State::kBetween;
  bool standard_strings_ = true;

  // A statement, command or comment that began at begin_ is being captured: saved_ came in earlier pieces, the rest is at piece_[from_].
  bool capturing_ = false;
  uint64_t begin_ = 0;
  std::string saved_;
  size_t from_ = 0;

  // Of the statement.
  bool inside_ = false;
  Verb verb_ = Verb::kUnknown;
  uint32_t words_ = 0;             // unquoted ones so far
  uint64_t parentheses_ = 0, blocks_ = 0, tuples_ = 0;
  bool from_seen_ = false, copies_in_ = false, values_seen_ = false;
  bool return_seen_ = false;       // the last byte of a -- comment so far
  bool newline_seen_ = false;      // since the end of a string with backslashes
  char word_[32] = {};             // the word that is being read, in lower case, as far as it fits
  size_t word_size_ = 0;           // its true length
  std::string tag_;                // of the dollar quote, with its dollars
  size_t matched_ = 0;             // how much of its end was seen
  uint32_t comment_depth_ = 0;
  uint8_t comment_before_ = 0;     // the byte before, when it may be half of /* or */

  CopyRows rows_;
};

}  // namespace cairn
