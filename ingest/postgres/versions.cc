#include "ingest/postgres/versions.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "ingest/postgres/sql_names.h"

namespace cairn {

namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> out;
  for (size_t at = 0;;) {
    size_t next = text.find(separator, at);
    out.push_back(text.substr(at, next == text.npos ? next : next - at));
    if (next == text.npos) return out;
    at = next + separator.size();
  }
}

uint64_t number_of(std::string_view text) {
  uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

// The columns where the dump doesn't name them (--inserts).
std::string_view usual_columns(std::string_view table) {
  return table == "django_migrations" ? "id, app, name, applied" : "id, timestamp, version, build";
}

// Column names as COPY writes them, quotes removed; none of the tables looked at here has a comma in a name.
std::optional<size_t> column_at(const DumpItem& rows, std::string_view name) {
  std::vector<std::string_view> columns = split(rows.columns.empty() ? usual_columns(rows.subject->name) : rows.columns, ", ");
  for (size_t i = 0; i < columns.size(); ++i) {
    std::string_view column = columns[i];
    if (column.size() > 2 && column.front() == '"' && column.back() == '"') column = column.substr(1, column.size() - 2);
    if (column == name) return i;
  }
  return std::nullopt;
}

using Row = std::vector<std::string>;

std::vector<Row> copied_rows(std::string_view sample) {
  std::vector<Row> out;
  size_t end = sample.rfind('\n');
  if (end == sample.npos) return out;
  for (std::string_view line : split(sample.substr(0, end), "\n")) {
    Row& row = out.emplace_back();
    for (std::string_view field : split(line, "\t")) row.emplace_back(field);
  }
  return out;
}

// INSERT INTO … VALUES (1, 'a'), (2, 'b');   The values looked at here are simple ones.
std::vector<Row> inserted_rows(std::string_view sample) {
  std::vector<Row> out;
  SqlTokens tokens(sample);
  while (tokens.skip_behind("values")) {
    while (tokens.accept_symbol('(')) {
      Row& row = out.emplace_back(1);
      for (SqlToken token = tokens.take(); token.kind != SqlToken::Kind::kEnd && !token.symbol(')'); token = tokens.take()) {
        if (token.symbol(',')) {
          row.emplace_back();
        } else {
          row.back() += token.text;
        }
      }
      tokens.accept_symbol(',');
    }
  }
  return out;
}

// The fields `wanted` of the row whose "id" is the highest; empty when there is none.
Row fields_of_newest(const DumpItem& item, std::initializer_list<std::string_view> wanted) {
  std::optional<size_t> id = column_at(item, "id");
  std::vector<size_t> places;
  for (std::string_view name : wanted) {
    std::optional<size_t> place = column_at(item, name);
    if (!place) return {};
    places.push_back(*place);
  }
  Row out;
  uint64_t highest = 0;
  for (const Row& row : item.inserts ? inserted_rows(item.sample) : copied_rows(item.sample)) {
    size_t last = std::max(id.value_or(0), *std::max_element(places.begin(), places.end()));
    if (last >= row.size()) continue;
    uint64_t number = id ? number_of(row[*id]) : highest;
    if (number < highest) continue;
    highest = number;
    out.clear();
    for (size_t place : places) out.push_back(row[place]);
  }
  return out;
}

struct Application {
  std::string name, version, migration;
  bool known() const { return !name.empty() || !migration.empty(); }
};

Application application_of(const DumpDatabase& database) {
  Application out;
  for (const DumpItem& item : database.items) {
    if (item.type != "TABLE DATA" || !item.subject || item.sample.empty()) continue;
    if (item.subject->name == "authentik_version_history") {
      Row newest = fields_of_newest(item, {"version"});
      if (newest.empty() || newest[0].empty()) continue;
      out.name = "authentik";
      out.version = newest[0];
    } else if (item.subject->name == "django_migrations") {
      Row newest = fields_of_newest(item, {"app", "name"});
      if (!newest.empty()) out.migration = newest[0] + "." + newest[1];
    }
  }
  return out;
}

void add_application(const DumpOutline& outline, std::map<std::string, std::string>& properties, std::vector<std::string>& warnings) {
  Application first;
  const DumpDatabase* home = nullptr;
  for (const DumpDatabase& database : outline.databases) {
    Application found = application_of(database);
    if (!found.known()) continue;
    if (home == nullptr || (first.name.empty() && !found.name.empty())) {
      first = found;
      home = &database;
    } else if (!found.name.empty() && (found.name != first.name || found.version != first.version)) {
      warnings.push_back("application: " + found.name + " " + found.version + " in database " + database.name + ", " + first.name + " " +
                         first.version + " in database " + home->name + ": the latter is recorded");
    }
  }
  if (!first.name.empty()) {
    properties["app"] = first.name;
    properties["app.version"] = first.version;
  } else if (!first.migration.empty()) {
    properties["app.migrations"] = first.migration;
  }
}

}  // namespace

bool dump_is_unguarded(std::string_view dump_version) {
  uint64_t major = number_of(dump_version);
  size_t dot = dump_version.find_first_not_of("0123456789");
  if (major == 0) return false;
  // "18beta2": what comes before the first release has no fix either.
  uint64_t minor = dot != dump_version.npos && dump_version[dot] == '.' ? number_of(dump_version.substr(dot + 1)) : 0;
  switch (major) {
    case 13: return minor < 22;
    case 14: return minor < 19;
    case 15: return minor < 14;
    case 16: return minor < 10;
    case 17: return minor < 6;
    default: return major < 13;
  }
}

void add_versions(const DumpOutline& outline, std::map<std::string, std::string>& properties, std::vector<std::string>& warnings) {
  for (const DumpDatabase& database : outline.databases) {
    if (!database.server_version.empty()) properties.try_emplace("server.version", database.server_version);
    if (!database.dump_version.empty()) properties.try_emplace("pg_dump.version", database.dump_version);
  }
  auto version = properties.find("pg_dump.version");
  if (version != properties.end() && dump_is_unguarded(version->second)) {
    warnings.push_back("pg_dump " + version->second + " lets a hostile server put shell commands into its dump (CVE-2025-8714): update it, "
                       "and don't feed this dump to psql");
  }
  add_application(outline, properties, warnings);
}

}  // namespace cairn
