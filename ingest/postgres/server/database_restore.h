// Loads the parts of one database into one database of a server: one transaction, then rows are counted.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "ingest/parts/part_output.h"
#include "ingest/postgres/connection.h"
#include "ingest/postgres/server/plan.h"

namespace cairn {

class ScriptTarget;

// Where the parts are, and how the server is reached.
struct RestoreContext {
  CatalogueReader& catalogue;
  PartOutput& output;
  const std::string& component;
  const PostgresParameters& server;
  const PostgresRestoreOptions& options;
  Monitor& monitor;
  PostgresRestoreResult& result;
};

struct LoadTarget {
  std::optional<std::string> database;   // nullopt: the URL's
  std::string shown;                     // its name in messages
  bool fresh = false;                    // it was made for this: nothing in it needs replacing
};

// Returns where it went: "database shop at host:5432".
// Errors: those of restore_to_postgres(); they say whether anything was changed.
std::string load_database(const RestoreContext& context, const DatabaseJob& job, bool data_only, const LoadTarget& target);

// Gives a text to `target`, statement by statement.  monitor.bytes_done counts on.
void run_pieces(const RestoreContext& context, std::span<const PartPiece> pieces, const std::string& what, ScriptTarget& target);

}  // namespace cairn
