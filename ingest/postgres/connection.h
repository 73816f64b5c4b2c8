// A PostgreSQL server, reached through libpq by its own rules: service file, password file, TLS parameters, sockets, PG* variables.
//
// Whatever waits asks monitor.check_interrupted() five times a second.  No message holds a password.
//
// Threads:  one thread at a time; a connection may be handed from one to another.
// Source:   PostgreSQL documentation: libpq.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/monitor.h"
#include "ingest/postgres/login.h"
#include "store/bytes.h"

struct pg_result;

namespace cairn {

// What a server says about a statement.
struct ServerMessage {
  std::string severity;  // "ERROR", "WARNING", "NOTICE" …, in English
  std::string sqlstate;  // "42P07"; "" when libpq itself has something to say (a lost connection)
  std::string text;      // in one line, fit for people
  std::string detail, hint, context;
};

enum class PostgresTransaction : uint8_t {
  kNone,
  kOpen,
  kFailed,    // a statement was refused: it can only be rolled back
  kUnknown,   // the connection is lost, or a statement is running
};

// Rows in memory.   Immutable.
class PostgresRows {
 public:
  explicit PostgresRows(pg_result* result);  // takes ownership
  size_t size() const;
  bool null(size_t row, size_t column) const;
  // "" for a null.   Requires: row < size(), column less than the query has; else "".  Valid as long as this.
  std::string_view text(size_t row, size_t column) const;
  // Errors: kCorrupt when it is no number.
  uint64_t number(size_t row, size_t column) const;
  pg_result* get() const { return result_.get(); }

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

// Errors of all methods: kInterrupted; kIo with what the server said and, as far as it helps, what to do.
class PostgresConnection {
 public:
  using Notices = std::function<void(const ServerMessage&)>;

  // Connects.  `database`: instead of the parameters' own; nullopt: theirs, or libpq's default.  Without `notices` they are dropped.
  // With several hosts a connect_timeout is for all of them together.  `monitor` must outlive this.
  PostgresConnection(const PostgresParameters& parameters, std::optional<std::string> database, Monitor& monitor, Notices notices = {});
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;
  // Cancels what the server is still doing for us, and leaves.
  ~PostgresConnection();

  // Where libpq's rules led to: every parameter in force that isn't a default, password included; of several hosts the one that
  // answered, by name and by address.  Another connection with these gets to the same server.
  PostgresParameters parameters() const;
  std::string password() const;  // "" when none was needed
  std::string database() const;
  std::string user() const;
  // "database "d" at host:5432 as user "u"", for messages.
  std::string place() const;
  int server_version_num() const;      // 150018
  std::string server_version() const;  // "15.18 (Debian 15.18-0+deb12u1)"

  // The result of the last of the statements; no rows when it has none.
  PostgresRows query(const std::string& sql);
  void exec(const std::string& sql) { query(sql); }
  // As exec(), but what the server refuses is an answer.  A lost connection throws.
  std::optional<ServerMessage> try_exec(const std::string& sql);
  // Likewise; but the server itself refuses `sql` when it finds more than one statement in it: for statements of a dump, which
  // others wrote.
  std::optional<ServerMessage> try_exec_one(const std::string& sql);
  // As the server said after the last statement.
  PostgresTransaction transaction() const;

  // `sql` is COPY … TO STDOUT.  Then copy_out() until it returns false; afterwards other statements may follow.
  void begin_copy_out(const std::string& sql);
  // Appends the data to `block`, cut anywhere, until that holds `block_bytes`, or no more come: false, the end.
  // Memory: the longest row, rounded up to a power of two, in libpq.
  bool copy_out(std::string& block, size_t block_bytes);

  // `sql` is COPY … FROM STDIN, one statement as for try_exec_one().  Then put_copy() with the data in any pieces, then end_copy_in().
  void begin_copy_in(const std::string& sql);
  void put_copy(ByteView bytes);
  // How many rows the server took.
  uint64_t end_copy_in();
  // As end_copy_in() for data that break off: the server forgets the rows, and the connection may be used again.
  void abort_copy_in(const std::string& why);

  // "name" with its quotes doubled; always in quotes.
  static std::string quote_identifier(std::string_view name);
  // 'text', whatever standard_conforming_strings says: E'…' when there is a backslash.
  static std::string quote_literal(std::string_view text);

 private:
  [[noreturn]] void throw_lost() const;
  [[noreturn]] void throw_refused(const ServerMessage& message) const;
  void wait(bool reading, bool writing);
  void send(const std::string& sql, bool one_statement = false);
  void flush();
  pg_result* next_result();                     // nullptr: no more; else the caller's
  std::optional<ServerMessage> drain(std::optional<PostgresRows>& rows);
  void begin_copy(const std::string& sql, bool out);
  void end_copy(const char* why);

  Monitor& monitor_;
  Notices notices_;
  std::string secret_;  // the password, to keep it out of messages
  PostgresLogin connection_;
};

}  // namespace cairn
