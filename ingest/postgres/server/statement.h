// What one statement of a dump does, as far as a restore must know.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/postgres/outline.h"

namespace cairn {

enum class Verb : uint8_t {
  kOther,
  kTransaction,   // BEGIN, COMMIT: around large objects; the restore has a transaction of its own.  Also ROLLBACK, SAVEPOINT,
                  // PREPARE …, which no dump holds
  kSet,           // SET name = …
  kCreate,
  kDrop,          // DROP …, and ALTER TABLE … DROP CONSTRAINT, DROP DEFAULT: what --clean writes
  kCopy,
  kInsert,
  kSetval,        // SELECT pg_catalog.setval(…)
  kSettings,      // SELECT pg_catalog.set_config(…)
  kLargeObject,   // SELECT pg_catalog.lo_…(…)
  kRights,        // ALTER … OWNER TO, GRANT, REVOKE, ALTER DEFAULT PRIVILEGES
  kAlterRole,
  kComment,       // COMMENT ON …, SECURITY LABEL …
};

struct StatementEffect {
  Verb verb = Verb::kOther;
  std::string object;              // kCreate, kDrop, kComment: "TABLE", "MATERIALIZED VIEW", "OPERATOR CLASS", "ROLE" …; "" for others
  QualifiedName subject;           // what is created, dropped or filled; the setting of kSet, the role of kAlterRole, the function
                                   // that a SELECT calls
  std::vector<std::string> roles;  // kRights: those who own, grant and are granted to
  size_t replace_at = 0;           // kCreate: where OR REPLACE may be put in, 0 where it stands already
};

// `backslashes`: they escape in '…' (standard_conforming_strings is off).
StatementEffect effect_of(std::string_view statement, bool backslashes = false);

// What a statement may do that is executed outside of the transaction of a restore.  Each says no where the server could read the
// beginning of the statement in another way: comments in it, names as U&"…".  `backslashes`: as above.
//
// Settings, and what makes and sets up this database alone: CREATE, ALTER (not RENAME), COMMENT, SECURITY LABEL, GRANT and REVOKE on it,
// ALTER ROLE … IN DATABASE, and the datistemplate of it that dumps with --clean take away.
bool concerns_database(std::string_view statement, std::string_view database, bool backslashes = false);
// Settings; roles, users, groups and their memberships; tablespaces, and rights on these and on parameters.
bool concerns_globals(std::string_view statement, bool backslashes = false);
// COPY of a table FROM stdin.
bool copies_from_stdin(std::string_view statement, bool backslashes = false);

}  // namespace cairn
