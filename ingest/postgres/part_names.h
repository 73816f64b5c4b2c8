// Names of a dump's parts, and names inside of SQL text.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace cairn {

// Hands out the names of a catalogue: every name once.
class PartNames {
 public:
  // Of a folder: no part may have it.
  void reserve(const std::string& name) { claim(name); }
  // `stem` + ".sql", or, when that is taken, stem.KIND.sql, stem.KIND.2.sql …; `kind` has its blanks replaced by dashes.
  std::string take(const std::string& stem, std::string_view kind, std::string_view ending = ".sql");

 private:
  bool claim(const std::string& name) { return taken_.insert(std::hash<std::string>()(name)).second; }
  std::unordered_set<size_t> taken_;   // hashes: a name that falls together with another only gets a longer one
};

// As a path element; what is too long for a file's name (functions of many arguments) is cut.
std::string part_element(std::string_view name);

// Likewise.  A database may not be taken for globals.sql or dump.sql: then its first character is escaped too.
std::string database_element(std::string_view name);

// As SQL takes it whatever it holds: in double quotes.
std::string quote_identifier(std::string_view name);

// "public.users", fit for a comment line: control characters become blanks.
std::string comment_text(std::string_view text);

// As pg_dump writes names into its comments: line ends become blanks.
std::string header_text(std::string_view name);

}  // namespace cairn
