// Executes statements each by itself, outside of any database's transaction: roles, memberships, tablespaces, the making of a
// database and what belongs to it from without.  Nothing else: what is done here can't be taken back.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ingest/postgres/connection.h"
#include "ingest/postgres/server/script_reader.h"
#include "ingest/postgres/server/server_restore.h"
#include "ingest/postgres/server/statement.h"

namespace cairn {

struct DirectRules {
  bool drop_roles = false;            // as the dump says (pg_dumpall --clean); databases and tablespaces never
  std::string database, called;       // statements about the first are executed for the second, and no others; "": roles and
                                      // tablespaces
};

// Threads:  one thread at a time.   Lifetime: all references must outlive this.
class DirectRunner : public ScriptTarget {
 public:
  // `what` names the text in errors.  Warnings and tolerated errors go to `result`.
  DirectRunner(std::string what, PostgresConnection& connection, DirectRules rules, PostgresRestoreResult& result);

  // Errors: kIo with the statement's beginning, its offset, and what the server said; kInvalidArgument for one that isn't about what
  //         the rules say.
  void statement(const SqlStatement& statement) override;
  // kInvalidArgument: there are none here.
  void rows(ByteView block) override;
  void rows_end() override {}

 private:
  bool wanted(const StatementEffect& effect) const;
  void require_admitted(const SqlStatement& statement, const std::string& sql, const StatementEffect& effect) const;
  bool of_own_role(const StatementEffect& effect);
  void refused(const SqlStatement& statement, const StatementEffect& effect, const ServerMessage& why);
  const std::string what_;
  PostgresConnection& connection_;
  const DirectRules rules_;
  PostgresRestoreResult& result_;
  bool backslashes_ = false;         // they escape in '…'
  std::set<std::string> kept_;       // roles and tablespaces
  std::set<std::string> own_;        // the role that we log in as, and the one that we are
  bool own_told_ = false;
};

// The roles that a server has.
std::set<std::string> roles_of(PostgresConnection& connection);

}  // namespace cairn
