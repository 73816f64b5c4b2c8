// Which parts of a dump go where on a server.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ingest/postgres/server/server_restore.h"
#include "store/snapshot/manifest.h"
#include "store/tree/catalogue.h"

namespace cairn {

// What is restored into one database.
struct DatabaseJob {
  std::string element;         // its name in names of parts
  std::string name;            // as the dump calls it
  std::string target;          // the database to restore into; "" for the URL's
  bool create = false;         // it is to be made
  bool whole = false;          // everything of it
  std::vector<Part> parts;     // what was asked for, never empty
};

struct RestorePlan {
  std::optional<Part> globals;
  std::vector<DatabaseJob> jobs;
  bool data_only = false;      // as the options say, or because rows alone were asked for
};

// The schema that all of the job's parts are in; kInvalidArgument when there is no such.
std::string schema_of(const DatabaseJob& job);
// Whether an object of the dump is one of the job's parts, or in one of them.
bool is_asked_for(const DatabaseJob& job, const std::string& kind, const std::string& schema, const std::string& name);

// `paths`: as for restore_to_postgres().  `url_database`: the database that the URL names; "" when
// the environment or a service may; nullopt when libpq's default would be it.
// Errors: kNotFound for a part that isn't there; kInvalidArgument for options that don't fit, with what would.
RestorePlan plan_restore(CatalogueReader& catalogue, const ComponentInfo& component, const std::vector<std::string>& paths,
                         const PostgresRestoreOptions& options, const std::optional<std::string>& url_database);

}  // namespace cairn
