// Parts of a dump into a running PostgreSQL: statements and rows through libpq, never through psql.
//
//   parts → plan → globals, one statement at a time
//                → database by database: [create] → one transaction: statements, rows → commit → rows counted
//
// A database that is to be replaced (clean and create) is loaded beside the old one first, and takes its place when it is whole.
// What a dump holds are programs of whoever was superuser where it was made: they run inside the target database, with the rights
// of the user of the URL.  No client can prevent that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/monitor.h"
#include "store/repository.h"

namespace cairn {

struct PostgresRestoreOptions {
  std::string url;
  bool clean = false;              // replaces what is there; with data_only: empties the tables first
  bool create = false;             // makes the database; with clean: in place of the one that is there
  std::string rename;              // the database to restore into, "" for its own name or the URL's
  std::string into_schema;         // another schema for the tables, "" for their own
  bool data_only = false;          // rows and the values of sequences, into tables that are there
  bool with_dependencies = false;  // also what the parts need, unless it is there already
  std::string expect_version;      // of the application, "" for any
  bool dry_run = false;            // tell through monitor.item what would be restored
};

// What was done, in figures and sentences for people.  Warnings were told to the monitor as well.
struct PostgresRestoreResult {
  uint64_t databases = 0, tables = 0, rows = 0;
  uint64_t failed = 0;                     // databases of a cluster that could not be restored; each told to monitor.error
  std::vector<std::string> targets;        // where it went: "database shop at host:5432", for each database
  std::vector<std::string> tolerated;      // errors of the server that do no harm
  std::vector<std::string> mismatches;     // tables that are missing, or hold another number of rows than the snapshot
  std::vector<std::string> warnings;
  bool complete() const { return failed == 0 && mismatches.empty(); }
};

// Restores parts of a component of kind postgres ("" or none: all of it; "authentik", "authentik/public", "authentik/public/t1",
// with or without .sql) and compares the rows of every table with the catalogue.
//
// One database: what fails leaves it as it was, and throws.  A whole cluster: roles and tablespaces first; then each database by
// itself, and one that fails is told to monitor.error and counted.
// Parts of several databases go to databases of their own names: the URL must name none then (unless they are created).
// Errors: kNotFound and kInvalidArgument for parts and options that don't fit; kUnsupported when the application's version isn't
//         the expected one; kIo with what the server said; kInterrupted; those of the store.
PostgresRestoreResult restore_to_postgres(Repository& repository, const Manifest& snapshot, const std::string& component,
                                          const std::vector<std::string>& part_paths, const PostgresRestoreOptions& options,
                                          Monitor& monitor);

}  // namespace cairn
