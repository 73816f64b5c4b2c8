#include "ingest/postgres/parts.h"

#include <algorithm>

#include "ingest/postgres/database_parts.h"
#include "ingest/postgres/part_names.h"
#include "ingest/postgres/versions.h"

namespace cairn {

namespace {

// Whether an entry outside of the databases is about this one: its tag is "authentik" or "DATABASE authentik".
bool defines(const DumpItem& item, const std::string& database) {
  if (database.empty()) return true;
  if (item.subject && item.subject->name == database) return true;
  std::string name = header_text(database);
  return item.tag == name || item.tag == "DATABASE " + name || item.tag == "DATABASE " + header_text(quote_identifier(database));
}

void add_globals(const DumpOutline& outline, PartNames& names, StreamParts& out) {
  if (outline.globals.empty()) return;
  Part part;
  part.name = names.take("globals", "globals");
  part.kind = "globals";
  part.extents = outline.globals;
  merge_extents(part.extents);
  out.parts.push_back(std::move(part));
}

void add_create(const DumpOutline& outline, const DumpDatabase& database, const std::string& folder, PartNames& names,
                StreamParts& out) {
  Part part;
  for (const DumpItem& item : outline.definitions) {
    if (!defines(item, database.name)) continue;
    part.extents.insert(part.extents.end(), item.text.begin(), item.text.end());
    if (item.type == "DATABASE" && !item.owner.empty()) part.properties["owner"] = item.owner;
  }
  merge_extents(part.extents);
  if (part.extents.empty()) return;
  part.name = names.take(folder + ".create", "create-database");
  part.kind = "create-database";
  out.parts.push_back(std::move(part));
}

}  // namespace

StreamParts parts_of_dump(const DumpOutline& outline, const std::string& component) {
  StreamParts out;
  out.kind = ComponentKind::kPostgres;
  out.ended = outline.ended;
  out.problem = outline.problem;
  out.warnings = outline.warnings;

  PartNames names;
  names.reserve("dump.sql");
  std::vector<std::string> folders;
  for (const DumpDatabase& database : outline.databases) {
    // Two of one name don't come from one server, but may come from outside.
    folders.push_back(names.take(database_element(database.name.empty() ? component : database.name), "again", ""));
  }
  add_globals(outline, names, out);
  std::string listed;
  uint64_t tables = 0, rows = 0;
  for (size_t i = 0; i < outline.databases.size(); ++i) {
    const DumpDatabase& database = outline.databases[i];
    add_create(outline, database, folders[i], names, out);
    DatabaseParts parts(database, folders[i], names, out);
    parts.write();
    tables += parts.tables();
    rows += parts.rows();
    listed += (i == 0 ? "" : "\n") + folders[i];
  }
  out.properties["format"] = "plain";
  out.properties["databases"] = listed.substr(0, size_t{1} << 19);
  out.properties["tables"] = std::to_string(tables);
  out.properties["rows"] = std::to_string(rows);
  if (!outline.started.empty()) out.properties["dump.time"] = outline.started;
  add_versions(outline, out.properties, out.warnings);
  return out;
}

}  // namespace cairn
