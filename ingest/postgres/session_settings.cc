#include "ingest/postgres/session_settings.h"

#include <algorithm>

#include "ingest/postgres/sql_names.h"

namespace cairn {

namespace {

constexpr size_t kMostSettings = 50;

struct NameAndValue {
  std::string name, value;
};

NameAndValue parse(std::string_view sql) {
  SqlTokens tokens(sql);
  tokens.take();
  NameAndValue out{tokens.take().text, ""};
  if (out.name == "session" && tokens.accept("authorization")) out.name = "session authorization";
  if (!tokens.accept_symbol('=')) tokens.accept("to");
  out.value = tokens.take().text;
  return out;
}

bool makes_storage(std::string_view type) {
  return type == "TABLE" || type == "MATERIALIZED VIEW" || type == "INDEX" || type == "CONSTRAINT";
}

}  // namespace

bool SessionSettings::changes(std::string_view sql) { return sql.starts_with("SET "); }

bool SessionSettings::for_entries(std::string_view sql) {
  return sql.starts_with("SET default_") || sql.starts_with("SET SESSION AUTHORIZATION");
}

bool SessionSettings::calls_set_config(std::string_view sql) { return sql.starts_with("SELECT pg_catalog.set_config("); }

void SessionSettings::set(const SqlStatement& statement) {
  const NameAndValue parsed = parse(statement.text);
  const Extent extent{statement.begin, statement.end - statement.begin};
  std::erase_if(in_force_, [&](const Setting& one) { return one.name == parsed.name; });
  const bool usual = parsed.value.empty() || (parsed.name == "default_table_access_method" && parsed.value == "heap") ||
                     (parsed.name == "default_with_oids" && parsed.value == "false") ||
                     (parsed.name == "session authorization" && parsed.value == "default");
  if (in_force_.size() < kMostSettings) in_force_.push_back({parsed.name, extent, usual});
  pending_.add(statement.begin, statement.end);
}

std::vector<Extent> SessionSettings::before(std::string_view type) {
  const std::vector<Extent> pending = pending_.take();
  std::vector<Extent> out;
  for (const Setting& one : in_force_) {
    const bool elsewhere = pending.empty() || one.extent.offset_bytes < pending.front().offset_bytes;
    const bool concerns = makes_storage(type) || !one.name.starts_with("default_");
    if (!one.usual && elsewhere && concerns) out.push_back(one.extent);
  }
  out.insert(out.end(), pending.begin(), pending.end());
  return out;
}

void SessionSettings::clear() {
  in_force_.clear();
  pending_.take();
}

}  // namespace cairn
