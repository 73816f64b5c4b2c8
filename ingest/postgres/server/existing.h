// What a server's database holds already, as far as a restore into it must know.
//
// Threads:  one thread at a time.   Errors: those of the connection.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "ingest/postgres/connection.h"
#include "ingest/postgres/outline.h"

namespace cairn {

bool database_exists(PostgresConnection& connection, const std::string& name);
// Programs that are connected to a database, ours included.
uint64_t clients_of(PostgresConnection& connection, const std::string& database);

// Relations by "SCHEMA/NAME" as names of parts have it; values: their names, and whether they hold rows (tables).
struct ExistingRelation {
  QualifiedName name;
  bool table = false;
};
std::map<std::string, ExistingRelation> relations_of(PostgresConnection& connection);

// Names in a schema that belong to extensions: of types, functions, operators, relations.
std::set<std::string> extension_names(PostgresConnection& connection, const std::string& schema);

// Finds out what a transaction takes away: objects that CASCADE dropped and nothing made again.
class Losses {
 public:
  // Inside of the transaction, at its begin.  `connection` must outlive this.
  explicit Losses(PostgresConnection& connection);
  // At its end: "view public.v", "table constraint c on public.t"; at most `most`.
  std::vector<std::string> gone(size_t most);

 private:
  PostgresConnection& connection_;
};

// While it lives, foreign keys of tables are looked at when all rows are there, so rows may come in any order.
class LateForeignKeys {
 public:
  // Inside of a transaction.  Keys that can't be changed (others own the table) stay as they are.
  LateForeignKeys(PostgresConnection& connection, const std::vector<QualifiedName>& tables);
  // Looks at them now, and makes them as they were.   Errors: kIo for a row that refers to nothing.
  void settle();

 private:
  PostgresConnection& connection_;
  std::vector<std::string> changed_;   // "ALTER TABLE … ALTER CONSTRAINT …"
};

}  // namespace cairn
