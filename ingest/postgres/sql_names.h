// Tokens and names of SQL text that is at hand as a whole (or cut off: the last token may then be wrong).
//
// Source: PostgreSQL documentation, 4.1 Lexical Structure; psql, "Meta-Commands" (\connect); 34.1.1 Connection Strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingest/postgres/outline.h"

namespace cairn {

struct SqlToken {
  enum class Kind {
    kEnd,
    kWord,      // a keyword or name without quotes, folded to lower case (ASCII only); also numbers
    kName,      // "…", unquoted
    kString,    // '…', E'…', $$…$$: what it stands for (of E'…' only \\ and \' are undone)
    kSymbol,    // one other character
  };
  Kind kind = Kind::kEnd;
  std::string text;
  size_t begin = 0, end = 0;   // in the SQL text

  bool is(std::string_view word) const { return kind == Kind::kWord && text == word; }
  bool symbol(char c) const { return kind == Kind::kSymbol && text[0] == c; }
  bool named() const { return kind == Kind::kWord || kind == Kind::kName; }
};

class SqlTokens {
 public:
  // `sql` must outlive this.
  explicit SqlTokens(std::string_view sql, bool standard_strings = true) : sql_(sql), standard_strings_(standard_strings) { next(); }

  // The token that is at hand; kEnd after the last.
  const SqlToken& peek() const { return token_; }
  SqlToken take();
  // Takes it if it is this unquoted word / this character.
  bool accept(std::string_view word);
  bool accept_symbol(char c);
  // A name with dots at most between its parts, taken: "a", "a.b", the first two of "a.b.c" (`rest`, if given, gets the others'
  // last).  nullopt, nothing taken, when no name is at hand.
  std::optional<QualifiedName> qualified(std::string* rest = nullptr);
  // Moves behind the next `word` outside of parentheses; false: there is none, everything is taken.
  bool skip_behind(std::string_view word);

 private:
  void next();
  void blank();
  void string_token(bool escapes);
  void name_token();
  bool dollar_token();
  std::string_view sql_;
  bool standard_strings_;
  size_t at_ = 0;
  SqlToken token_;
};

// What a \connect line connects to ("\connect -reuse-previous=on \"dbname='We\"\"ird db'\"": We"ird db); nullopt: to what it was
// connected to before.
std::optional<std::string> connect_target(std::string_view line);

// A qualified name alone, as in '…'::regclass; nullopt for anything else.
std::optional<QualifiedName> parse_qualified(std::string_view text);

}  // namespace cairn
