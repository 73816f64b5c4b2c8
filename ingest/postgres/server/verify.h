// Compares what a server holds after a restore with what the snapshot's catalogue says.
#pragma once

#include <map>
#include <string>

#include "ingest/postgres/connection.h"
#include "ingest/postgres/outline.h"
#include "ingest/postgres/server/plan.h"

namespace cairn {

struct RowCheck {
  const DatabaseJob& job;
  std::map<QualifiedName, uint64_t> loaded;   // tables that were made or filled, as the dump calls them, with the rows they got
  std::string into_schema;                    // where they are now, "" for their own schema
  bool data_only = false;                     // tables were filled, not made: all of them were there
  bool added = false;                         // to rows that were there: what was loaded is compared, not what is there
};

// Adds tables and rows to `result`, and what is missing or differs to its mismatches.   Errors: those of the connection and the
// catalogue.
void verify_rows(PostgresConnection& connection, CatalogueReader& catalogue, const RowCheck& check, PostgresRestoreResult& result);

}  // namespace cairn
