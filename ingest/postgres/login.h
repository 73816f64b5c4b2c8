// How one gets to a PostgreSQL server by libpq's own rules (service file, password file, TLS parameters, sockets, PG* variables), and
// where they led.  The lower half of connection.h and postgres_url.h.
//
// Threads:  functions are thread-safe; a connection is for one thread at a time.
// Source:   PostgreSQL documentation: libpq.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "ingest/monitor.h"

struct pg_conn;
struct pg_result;

namespace cairn {

// libpq's keywords and their values: "host", "port", "dbname", "user", "password", "sslmode" …
using PostgresParameters = std::map<std::string, std::string>;

struct FinishLogin {
  void operator()(pg_conn* connection) const;
};
using PostgresLogin = std::unique_ptr<pg_conn, FinishLogin>;

inline constexpr int kPostgresPollMs = 200;   // how late an interruption is noticed

// What a URL itself says; nothing from the environment or a service file.  nullopt: libpq doesn't understand it, and *why is its reason,
// if it has one; that may quote a piece of a password.
std::optional<PostgresParameters> parse_conninfo(const std::string& url, std::string* why);

// Connects.  `on_notice` is called with `receiver` and what the server says besides, now and for as long as the connection lives.
// With several hosts a connect_timeout is for all of them together.
// Errors: kInterrupted; kIo with what libpq or the server said, without the password, and, as far as it helps, what to do.
PostgresLogin log_in(const PostgresParameters& parameters, Monitor& monitor, void (*on_notice)(void*, const pg_result*), void* receiver);

// Every parameter in force that isn't a default, password included; of several hosts the one that answered, by name and by address.
PostgresParameters parameters_in_force(pg_conn* connection);
std::string password_of(const pg_conn* connection);   // "" when none was needed
// "database "d" at host:5432 as user "u"", for messages; less when it failed early.
std::string place_of(const pg_conn* connection);

// Keywords whose values nobody may see on a command line.
std::set<std::string> secret_keywords();

// `text` with *** where the password stands; a very short one is left, as it is found in any message by chance.
std::string scrubbed(std::string text, const std::string& password);
// What libpq says, in one line fit for people: its messages have lines and tabs.  `sentences`: each line is one.  "" for nullptr.
std::string libpq_line(const char* text, bool sentences = false);

}  // namespace cairn
