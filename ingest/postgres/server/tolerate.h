// Which refusals of a server don't spoil a restore, and what the others mean.
//
// Source: PostgreSQL documentation: Appendix A, Error Codes.
#pragma once

#include "ingest/postgres/connection.h"
#include "ingest/postgres/server/statement.h"

namespace cairn {

// Something of that name is there already.
bool is_duplicate(const ServerMessage& refused);
// Likewise of a CREATE: some kinds of objects are noticed by their catalogue's unique index only.
bool is_there_already(const ServerMessage& refused);
bool is_missing_relation(const ServerMessage& refused);
bool is_lack_of_rights(const ServerMessage& refused);
// CREATE EXTENSION of one that isn't installed on the server's machine.
bool is_missing_extension(const ServerMessage& refused);

// What the refusal of a statement about roles and tablespaces is.
enum class Harm : uint8_t {
  kNone,      // the two errors that a dump of pg_dumpall --clean always meets: the user of the connection can't be dropped,
              // and so is there already
  kKept,      // a role or tablespace that was there is kept, and gets the dump's settings by the next statement
  kFatal,
};
Harm harm_of(const StatementEffect& effect, const ServerMessage& refused, const std::string& connected_user);

}  // namespace cairn
