// Where a PostgreSQL server is, as a connection URL of libpq's says it.
//
// Threads:  immutable.
// Source:   PostgreSQL documentation: 34.1.1 Connection Strings.
#pragma once

#include <string>
#include <string_view>

#include "ingest/postgres/login.h"

namespace cairn {

// A connection URL of libpq's, as a person wrote it.   Immutable.
class PostgresUrl {
 public:
  // Begins with postgresql:// or postgres://.
  static bool is_one(std::string_view text);
  // Errors: kInvalidArgument for what libpq doesn't understand, and where a password's characters seem to have become host, port or database.
  explicit PostgresUrl(const std::string& url);

  // What the URL itself says; nothing from the environment or a service file.
  const PostgresParameters& parameters() const { return parameters_; }
  std::string database() const { return parameter("dbname"); }  // "" when it names none
  // What a component made of it is called: its database, else its (first) host, else "postgres".
  std::string component_name() const;
  // The URL again with user, hosts, ports, database and service: fit for a snapshot and for messages.
  std::string description() const;

 private:
  std::string parameter(const std::string& keyword) const;
  PostgresParameters parameters_;
};

}  // namespace cairn
