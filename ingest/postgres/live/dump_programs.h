// pg_dump and pg_dumpall as our children: which of those installed, and how they log in.
#pragma once

#include <string>
#include <vector>

#include "ingest/postgres/login.h"
#include "ingest/stream/stream_source.h"

namespace cairn {

struct DumpPrograms {
  std::string pg_dump;     // paths
  std::string pg_dumpall;  // beside it; may not be there
};

// Of the pg_dumps on PATH and where Debian's and PGDG's packages put them, those of the server's major version, else of the next newer
// one that is there (what a much newer one writes, the server may not understand); of these the newest.  `chosen`: that one and no other.
// Errors: kUnsupported: none that is new enough; names both versions and says what to install.
DumpPrograms find_dump_programs(int server_version_num, const std::string& server_version, const std::string& chosen, Monitor& monitor);

// The login of a connection that exists, for children: no password in an argument or a variable.  It stands in a file without a
// name (a memfd) that the child inherits.
class ProgramLogin {
 public:
  // As PostgresConnection::parameters() gives them.
  // Errors: kInvalidArgument for a password with a line break, which no password file can hold.
  explicit ProgramLogin(const PostgresParameters& parameters);

  // Runs `program` with --no-password, this login and `arguments`.  `name`: see run_command().
  std::unique_ptr<StreamSource> run(const std::string& name, const std::string& program, const std::string& database,
                                    const std::vector<std::string>& arguments, Monitor& monitor) const;

 private:
  std::string connection_;  // "host='…' port='…'", without the database
  Fd passwords_, service_;  // what libpq calls a password file and a service file; either may be missing
};

}  // namespace cairn
