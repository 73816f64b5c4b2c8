#include "ingest/postgres/server/verify.h"

#include <charconv>
#include <set>

#include "ingest/postgres/part_names.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostMissing = 1000;   // told by name

std::optional<uint64_t> rows_of(const Part& part) {
  const auto found = part.properties.find("rows");
  if (found == part.properties.end()) return std::nullopt;
  uint64_t rows = 0;
  const char *begin = found->second.data(), *end = begin + found->second.size();
  if (std::from_chars(begin, end, rows).ptr != end) return std::nullopt;
  return rows;
}

std::string shown(const QualifiedName& name) { return "table " + printable(name.schema + "." + name.name); }
std::string counted(uint64_t rows) { return std::to_string(rows) + (rows == 1 ? " row" : " rows"); }

class Verifier {
 public:
  Verifier(PostgresConnection& connection, CatalogueReader& catalogue, const RowCheck& check, PostgresRestoreResult& result)
      : connection_(connection), catalogue_(catalogue), check_(check), result_(result) {}

  void run() {
    for (const auto& [name, loaded] : check_.loaded) table(name, loaded);
    if (!check_.data_only)
      for (const Part& part : check_.job.parts) missing_of(part);
  }

 private:
  void table(const QualifiedName& name, uint64_t loaded) {
    const std::optional<Part> part = part_of(name);
    if (part) seen_.insert(part->name);
    const QualifiedName here{check_.into_schema.empty() ? name.schema : check_.into_schema, name.name};
    const std::string quoted = quote_identifier(here.schema) + "." + quote_identifier(here.name);
    const PostgresRows kind = connection_.query("SELECT relkind, relispartition FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(" +
                                                PostgresConnection::quote_literal(quoted) + ")");
    if (kind.size() == 0) {
      result_.mismatches.push_back(shown(here) + ": is missing");
      return;
    }
    const bool parent = kind.text(0, 0) == "p", partition = kind.text(0, 1) == "t";
    ++result_.tables;
    result_.rows += loaded;
    const uint64_t there =
        check_.added ? loaded
                     : connection_.query("SELECT pg_catalog.count(*) FROM " + std::string(parent ? "" : "ONLY ") + quoted).number(0, 0);
    // Rows of a partition may come through its parent, and those of a parent stand in its partitions.
    if (!check_.added && !parent && !partition && there != loaded) return differs(here, there, loaded, "were loaded");
    const std::optional<uint64_t> told = is_asked(part) ? rows_of(*part) : std::nullopt;
    if (!told || (parent && check_.added) || (partition && *told == 0)) return;
    if (there != *told) differs(here, there, *told, "are in the snapshot");
  }

  void differs(const QualifiedName& name, uint64_t there, uint64_t expected, const std::string& where) {
    result_.mismatches.push_back(shown(name) + ": holds " + counted(there) + ", but " + std::to_string(expected) + " " + where);
  }

  std::optional<Part> part_of(const QualifiedName& name) {
    const std::string stem = check_.job.element + "/" + part_element(name.schema) + "/" + part_element(name.name);
    for (const char* ending : {".sql", ".table.sql"})
      if (std::optional<Part> part = catalogue_.find(stem + ending); part && part->kind == "table") return part;
    return std::nullopt;
  }

  // What only came along for others (an empty table that a view needs) has no rows to be compared.
  bool is_asked(const std::optional<Part>& part) const {
    if (!part) return false;
    for (const Part& one : check_.job.parts)
      if (one.kind == "database" || one.name == part->name || is_in(one, part->name)) return true;
    return false;
  }
  bool is_in(const Part& schema, const std::string& name) const {
    return schema.kind == "schema" && name.starts_with(schema.name.substr(0, schema.name.size() - 4) + "/");
  }

  // Tables that were asked for, and that nothing made.
  void missing_of(const Part& asked) {
    auto look = [&](const Part& part) {
      if (part.kind != "table" || seen_.contains(part.name)) return;
      if (++missing_ <= kMostMissing) result_.mismatches.push_back(printable(part.name) + ": is in the snapshot, but was not restored");
    };
    if (asked.kind == "table") look(asked);
    if (asked.kind != "database" && asked.kind != "schema") return;
    const std::string folder = asked.kind == "database" ? check_.job.element + "/" : asked.name.substr(0, asked.name.size() - 4) + "/";
    catalogue_.scan(folder, [&](const Part& part) {
      if (!part.name.starts_with(folder)) return false;
      look(part);
      return true;
    });
  }

  PostgresConnection& connection_;
  CatalogueReader& catalogue_;
  const RowCheck& check_;
  PostgresRestoreResult& result_;
  std::set<std::string> seen_;
  size_t missing_ = 0;
};

}  // namespace

void verify_rows(PostgresConnection& connection, CatalogueReader& catalogue, const RowCheck& check, PostgresRestoreResult& result) {
  Verifier(connection, catalogue, check, result).run();
}

}  // namespace cairn
