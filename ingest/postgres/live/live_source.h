// A live PostgreSQL server as a source: one plain dump, as pg_dumpall or pg_dump --create would write it.
//
// For each database one connection exports a snapshot; pg_dump, our child, writes the definitions of that snapshot, and the rows come
// by our own COPYs, several at a time, in pg_dump's order and form.
//
// Memory:   32 MiB of rows under way, and per connection the longest row, up to twice.
// Source:   PostgreSQL documentation: pg_dump, pg_dumpall, COPY, "Snapshot Synchronization Functions".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingest/postgres/postgres_url.h"
#include "ingest/stream/stream_source.h"

namespace cairn {

struct PostgresSourceOptions {
  // With a database in it (its path or ?dbname=): that one alone, as `pg_dump --create`, without roles and tablespaces.  Without:
  // roles, tablespaces and all databases that take connections but template0 and template1, as `pg_dumpall`; a database in a
  // service file or in PGDATABASE limits nothing.
  PostgresUrl url;
  std::vector<std::string> excluded;  // databases, with * ? [ ] as in a shell; empty when the URL names one
  std::string pg_dump;                // what CAIRN_PG_DUMP says: the program to use; "": the best there is
  size_t workers = 0;                 // connections that copy rows; 0: half of processor_count(): somebody must cut and compress too
};

// Connects.  A role that may not read pg_authid gets roles without passwords, with a warning; a database that is dropped before its
// turn is left out, with a warning.  `monitor` must outlive the source.
// Errors: kIo: no connection, no rights, a lost connection, a pg_dump that failed: then nothing may be recorded; they come out of
//         read() and finish() too.  kInvalidArgument: `excluded` leaves nothing, or the URL names a database.  kUnsupported: a server older than 13, or no pg_dump for it.  kInterrupted.
std::unique_ptr<StreamSource> open_postgres(const PostgresSourceOptions& options, Monitor& monitor);

}  // namespace cairn
