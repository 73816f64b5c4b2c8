// Executes the text of a database's part on a server, inside of a transaction that somebody else began.
//
// A dump is written for an empty database and its own superuser; the differences are made up for here: what is there already, roles
// that aren't, settings that an older server doesn't know, the transactions of large objects.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ingest/postgres/connection.h"
#include "ingest/postgres/server/rewrite.h"
#include "ingest/postgres/server/script_reader.h"
#include "ingest/postgres/server/server_restore.h"
#include "ingest/postgres/server/statement.h"
#include "ingest/postgres/statement_facts.h"
#include "store/error.h"

namespace cairn {

struct RunRules {
  bool clean = false;                // what is created takes the place of what is there
  bool data_only = false;            // nothing but rows, large objects and the values of sequences
  SchemaRewrite* rewrite = nullptr;  // into another schema
  std::set<std::string> roles;       // those that the server has; rights of others are left out
  bool superuser = true;             // else owners and rights that the user may not give are left out
  // Whether an object of the dump was asked for (kind "TABLE", "TYPE" …).  What only comes along because others need it stays as it is
  // where it is there already.  Empty: everything was asked for.
  std::function<bool(const std::string& kind, const QualifiedName& name)> chosen;
  bool gently = false;               // foreign keys between what was restored and what was there: each is tried
};

// Threads:  one thread at a time.   Lifetime: all references must outlive this.
class ScriptRunner : public ScriptTarget {
 public:
  // `what` names the text in errors.  Warnings and tolerated errors go to `result`.
  ScriptRunner(std::string what, PostgresConnection& connection, RunRules rules, PostgresRestoreResult& result);

  // Errors: kIo with the statement's beginning, its offset, and what the server said; kInvalidArgument for a COPY that isn't FROM stdin.
  void statement(const SqlStatement& statement) override;
  void rows(ByteView block) override;
  void rows_end() override;

  // After the last statement: what had to wait for all others.   Errors: as statement().
  void finish();

  // Tables that were created or filled, and how many rows they got.
  const std::map<QualifiedName, uint64_t>& tables() const { return tables_; }
  // What was left out, in sentences; once, at the end.
  std::vector<std::string> left_out() const;

 private:
  void begin_rows(const SqlStatement& statement, const std::string& sql, const StatementEffect& effect);
  void set(const SqlStatement& statement, const std::string& sql, const StatementEffect& effect);
  void create(const SqlStatement& statement, std::string sql, const StatementEffect& effect, bool chosen);
  void create_unless_there(const SqlStatement& statement, const std::string& sql, const StatementEffect& effect);
  void give_rights(const SqlStatement& statement, const std::string& sql);
  void large_object(const SqlStatement& statement, const std::string& sql, const StatementEffect& effect);
  void execute(const SqlStatement& statement, const std::string& sql);
  std::optional<ServerMessage> attempt(const std::string& sql);
  void try_only(const SqlStatement& statement, const std::string& sql);
  bool must_wait(const SqlStatement& statement, const std::string& sql);
  bool of_kept(const SqlStatement& statement) const;
  bool wanted(const StatementEffect& effect) const;
  bool roles_missing(const StatementEffect& effect);
  [[noreturn]] void fail(const SqlStatement& statement, const ServerMessage& refused) const;

  const std::string what_;
  PostgresConnection& connection_;
  const RunRules rules_;
  PostgresRestoreResult& result_;
  std::map<QualifiedName, uint64_t> tables_;
  QualifiedName copied_;                            // the table of the COPY that runs
  uint64_t copy_offset_ = 0;
  std::string copy_shown_;                          // its beginning
  bool skipping_rows_ = false;
  bool backslashes_ = false;                        // they escape in '…'
  std::set<std::pair<std::string, QualifiedName>> created_;
  std::set<QualifiedName> kept_;                    // relations and types that were there, as the dump calls them
  std::vector<std::pair<uint64_t, std::string>> late_;   // statements and their offsets
  uint64_t not_given_ = 0;                          // owners and rights, for want of the right to
  std::map<std::string, uint64_t> missing_roles_;   // statements left out for want of them
};

// "the server says: relation "t" already exists; ADVICE; in db/shop.sql at byte 1234: CREATE TABLE public.t (": the statement's first
// line.  `advice`: begins with "; ", or "".
std::string refusal(const std::string& what, uint64_t offset, std::string_view statement, const ServerMessage& refused,
                    const std::string& advice = "");
// "db/shop.sql at byte 1234: WHY; not run: COPY t TO PROGRAM 'x';"   kInvalidArgument.
Error not_run(const std::string& what, const SqlStatement& statement, const std::string& why);
constexpr const char* kCopyOfOtherThings = "COPY that isn't FROM stdin: no dump holds one, and none is obeyed";

}  // namespace cairn
