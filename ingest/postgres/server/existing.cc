#include "ingest/postgres/server/existing.h"

#include <algorithm>

#include "ingest/postgres/part_names.h"

namespace cairn {

namespace {

constexpr size_t kMostRelations = 10000;   // looked at

std::string literal(std::string_view text) { return PostgresConnection::quote_literal(text); }

// Everything of users that CASCADE may take, by its identity.
constexpr char kObjects[] =
    "SELECT i.type AS kind, i.identity AS name FROM ("
    " SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS class, c.oid, 0 AS part FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND USERS"
    " UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, a.attnum FROM pg_catalog.pg_attribute a"
    "  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND USERS"
    " UNION ALL SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, d.oid, 0 FROM pg_catalog.pg_attrdef d"
    "  JOIN pg_catalog.pg_class c ON c.oid = d.adrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE USERS"
    " UNION ALL SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0 FROM pg_catalog.pg_proc p"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE USERS"
    " UNION ALL SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 0 FROM pg_catalog.pg_type t"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('d', 'e', 'r') AND USERS"
    " UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, 0 FROM pg_catalog.pg_constraint k"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace WHERE k.conrelid <> 0 AND USERS"
    " UNION ALL SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass, g.oid, 0 FROM pg_catalog.pg_trigger g"
    "  JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE NOT g.tgisinternal AND USERS"
    " UNION ALL SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass, o.oid, 0 FROM pg_catalog.pg_policy o"
    "  JOIN pg_catalog.pg_class c ON c.oid = o.polrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE USERS"
    ") AS all_of_them, pg_catalog.pg_identify_object(class, oid, part) AS i";

std::string objects_query() {
  std::string out = kObjects;
  const std::string_view users = "USERS", means = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
  for (size_t at = 0; (at = out.find(users, at)) != std::string::npos; at += means.size()) out.replace(at, users.size(), means);
  return out;
}

}  // namespace

bool database_exists(PostgresConnection& connection, const std::string& name) {
  return connection.query("SELECT 1 FROM pg_catalog.pg_database WHERE datname = " + literal(name)).size() > 0;
}

uint64_t clients_of(PostgresConnection& connection, const std::string& database) {
  return connection
      .query("SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend' AND datname = " + literal(database))
      .number(0, 0);
}

std::map<std::string, ExistingRelation> relations_of(PostgresConnection& connection) {
  const PostgresRows rows = connection.query(
      "SELECT n.nspname, c.relname, c.relkind IN ('r', 'p') FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
      " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'");
  std::map<std::string, ExistingRelation> out;
  for (size_t i = 0; i < rows.size(); ++i) {
    QualifiedName name{std::string(rows.text(i, 0)), std::string(rows.text(i, 1))};
    std::string element = part_element(name.schema) + "/" + part_element(name.name);
    out[std::move(element)] = {std::move(name), rows.text(i, 2) == "t"};
  }
  return out;
}

std::set<std::string> extension_names(PostgresConnection& connection, const std::string& schema) {
  std::string sql;
  struct Catalogue {
    std::string_view table, name, schema;
  };
  for (const Catalogue& one : {Catalogue{"pg_type", "typname", "typnamespace"}, Catalogue{"pg_proc", "proname", "pronamespace"},
                               Catalogue{"pg_operator", "oprname", "oprnamespace"}, Catalogue{"pg_class", "relname", "relnamespace"},
                               Catalogue{"pg_opclass", "opcname", "opcnamespace"}, Catalogue{"pg_collation", "collname", "collnamespace"}}) {
    const std::string table = "pg_catalog." + std::string(one.table);
    sql += std::string(sql.empty() ? "" : " UNION ") + "SELECT x." + std::string(one.name) + " FROM " + table +
           " x JOIN pg_catalog.pg_namespace n ON n.oid = x." + std::string(one.schema) + " JOIN pg_catalog.pg_depend d ON d.objid = x.oid AND d.classid = '" +
           table + "'::pg_catalog.regclass WHERE d.deptype = 'e' AND n.nspname = " + literal(schema);
  }
  const PostgresRows rows = connection.query(sql);
  std::set<std::string> out;
  for (size_t i = 0; i < rows.size(); ++i) out.emplace(rows.text(i, 0));
  return out;
}

Losses::Losses(PostgresConnection& connection) : connection_(connection) {
  connection_.exec("CREATE TEMPORARY TABLE cairn_before ON COMMIT DROP AS " + objects_query());
}

// Of a relation that is gone itself, its columns and keys need no words.
std::vector<std::string> Losses::gone(size_t most) {
  const PostgresRows rows = connection_.query("SELECT kind, name, kind IN ('table', 'view', 'materialized view', 'foreign table') FROM ("
                                              "SELECT kind, name FROM pg_temp.cairn_before EXCEPT " + objects_query() +
                                              ") AS gone ORDER BY 3 DESC, 1, 2 LIMIT " + std::to_string(kMostRelations));
  std::vector<std::string> out, relations;
  for (size_t i = 0; i < rows.size() && out.size() < most; ++i) {
    const std::string name(rows.text(i, 1));
    if (rows.text(i, 2) == "t") relations.push_back(name);
    else if (std::ranges::any_of(relations, [&](const std::string& one) { return name.find(one) != name.npos; })) continue;
    out.push_back(std::string(rows.text(i, 0)) + " " + name);
  }
  return out;
}

LateForeignKeys::LateForeignKeys(PostgresConnection& connection, const std::vector<QualifiedName>& tables) : connection_(connection) {
  for (const QualifiedName& table : tables) {
    const std::string name = quote_identifier(table.schema) + "." + quote_identifier(table.name);
    const PostgresRows keys = connection_.query("SELECT conname FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conparentid = 0 AND NOT condeferrable"
                                                " AND conrelid = " + literal(name) + "::pg_catalog.regclass");
    for (size_t i = 0; i < keys.size(); ++i) {
      const std::string change = "ALTER TABLE " + name + " ALTER CONSTRAINT " + quote_identifier(keys.text(i, 0));
      connection_.exec("SAVEPOINT cairn_keys");
      if (connection_.try_exec(change + " DEFERRABLE INITIALLY DEFERRED")) connection_.exec("ROLLBACK TO SAVEPOINT cairn_keys");
      else changed_.push_back(change);
      connection_.exec("RELEASE SAVEPOINT cairn_keys");
    }
  }
  connection_.exec("SET CONSTRAINTS ALL DEFERRED");
}

void LateForeignKeys::settle() {
  connection_.exec("SET CONSTRAINTS ALL IMMEDIATE");
  for (const std::string& change : changed_) connection_.exec(change + " NOT DEFERRABLE");
}

}  // namespace cairn
