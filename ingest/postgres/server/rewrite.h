// Statements of a dump for another schema or another database than the one they were made in.
//
// Names are replaced, as tokens: never by searching the text.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace cairn {

// Threads:  one thread at a time.
class SchemaRewrite {
 public:
  // `kept`: names in schema `from` that stay there (what extensions own: a type, an operator).
  SchemaRewrite(std::string from, std::string to, std::set<std::string> kept)
      : from_(std::move(from)), to_(std::move(to)), kept_(std::move(kept)) {}

  // `from.name` becomes `to.name`, also in '…'::regclass, nextval('…') and setval('…'), and so does the name behind SCHEMA and in
  // search_path.  The text of function bodies and other strings stays as it is.
  // `backslashes`: they escape in '…'.
  std::string apply(std::string_view statement, bool backslashes);
  // Where the old schema is named in what was left as it is: "CREATE FUNCTION app.f(…)", at most 20.
  const std::set<std::string>& doubtful() const { return doubtful_; }
  const std::string& from() const { return from_; }
  const std::string& to() const { return to_; }

 private:
  class Pass;
  const std::string from_, to_;
  const std::set<std::string> kept_;
  std::set<std::string> doubtful_;
};

// CREATE DATABASE, ALTER DATABASE, COMMENT ON DATABASE …, GRANT … ON DATABASE of database `from` for database `to`.
std::string for_other_database(std::string_view statement, const std::string& from, const std::string& to);

// CREATE DATABASE without `LOCALE_PROVIDER = libc`: servers before 15 don't know the option, and have no other provider.
std::string without_locale_provider(std::string_view statement);

}  // namespace cairn
