#include "ingest/postgres/archive/quote.h"

#include <algorithm>
#include <array>

namespace cairn {

namespace {

// Key words that can't be names of everything (pg_get_keywords() where catcode <> 'U'), sorted.
constexpr auto kKeywords = std::to_array<std::string_view>({
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "between", "bigint", "binary",
    "bit", "boolean", "both", "case", "cast", "char", "character", "check", "coalesce", "collate", "collation", "column",
    "concurrently", "constraint", "create", "cross", "current_catalog", "current_date", "current_role", "current_schema",
    "current_time", "current_timestamp", "current_user", "dec", "decimal", "default", "deferrable", "desc", "distinct", "do", "else",
    "end", "except", "exists", "extract", "false", "fetch", "float", "for", "foreign", "freeze", "from", "full", "grant", "greatest",
    "group", "grouping", "having", "ilike", "in", "initially", "inner", "inout", "int", "integer", "intersect", "interval", "into",
    "is", "isnull", "join", "lateral", "leading", "least", "left", "like", "limit", "localtime", "localtimestamp", "national",
    "natural", "nchar", "none", "normalize", "not", "notnull", "null", "nullif", "numeric", "offset", "on", "only", "or", "order",
    "out", "outer", "overlaps", "overlay", "placing", "position", "precision", "primary", "real", "references", "returning", "right",
    "row", "select", "session_user", "setof", "similar", "smallint", "some", "substring", "symmetric", "table", "tablesample", "then",
    "time", "timestamp", "to", "trailing", "treat", "trim", "true", "union", "unique", "user", "using", "values", "varchar",
    "variadic", "verbose", "when", "where", "window", "with", "xmlattributes", "xmlconcat", "xmlelement", "xmlexists", "xmlforest",
    "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable"});
constexpr auto kNewerKeywords = std::to_array<std::string_view>({
    "json", "json_array", "json_arrayagg", "json_exists", "json_object", "json_objectagg", "json_query", "json_scalar",
    "json_serialize", "json_table", "json_value", "merge_action", "system_user"});
static_assert(std::ranges::is_sorted(kKeywords) && std::ranges::is_sorted(kNewerKeywords));

bool digit(char c) { return c >= '0' && c <= '9'; }
bool lower(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

std::string in_quotes(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

// A value of a connection string.
std::string connection_value(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + '\'';
}

}  // namespace

std::string quote_name(std::string_view name, bool newer) {
  const bool plain = !name.empty() && lower(name[0]) && std::ranges::all_of(name, [](char c) { return lower(c) || digit(c); });
  if (!plain || std::ranges::binary_search(kKeywords, name) || (newer && std::ranges::binary_search(kNewerKeywords, name))) return in_quotes(name);
  return std::string(name);
}

std::string connect_command(std::string_view database, bool newer) {
  const bool plain = std::ranges::all_of(database, [](char c) { return lower(c) || digit(c) || (c >= 'A' && c <= 'Z') || c == '.'; });
  if (plain) return "\\connect " + quote_name(database, newer) + "\n";
  return "\\encoding SQL_ASCII\n\\connect -reuse-previous=on " + in_quotes("dbname=" + connection_value(database)) + "\n";
}

std::string one_line(const std::optional<std::string>& text, std::string_view missing) {
  if (!text) return std::string(missing);
  std::string out = *text;
  std::ranges::replace_if(out, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out;
}

}  // namespace cairn
