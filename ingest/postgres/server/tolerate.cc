#include "ingest/postgres/server/tolerate.h"

#include <algorithm>
#include <array>

namespace cairn {

namespace {

// duplicate_database, _schema, _table (also of an index, a sequence, a view), _object, _function
constexpr std::array<std::string_view, 5> kDuplicate = {"42P04", "42P06", "42P07", "42710", "42723"};
constexpr std::string_view kUniqueViolation = "23505";
constexpr std::string_view kObjectInUse = "55006";
constexpr std::string_view kDependentObjects = "2BP01";
constexpr std::string_view kUndefinedTable = "42P01";         // also of a sequence
constexpr std::string_view kUndefinedObject = "42704";
constexpr std::string_view kInsufficientPrivilege = "42501";
constexpr std::string_view kUndefinedFile = "58P01";           // before PostgreSQL 14
constexpr std::string_view kFeatureNotSupported = "0A000";

}  // namespace

bool is_duplicate(const ServerMessage& refused) { return std::ranges::find(kDuplicate, refused.sqlstate) != kDuplicate.end(); }

bool is_there_already(const ServerMessage& refused) { return is_duplicate(refused) || refused.sqlstate == kUniqueViolation; }

bool is_missing_relation(const ServerMessage& refused) { return refused.sqlstate == kUndefinedTable; }

bool is_lack_of_rights(const ServerMessage& refused) { return refused.sqlstate == kInsufficientPrivilege; }

bool is_missing_extension(const ServerMessage& refused) {
  return (refused.sqlstate == kUndefinedFile || refused.sqlstate == kFeatureNotSupported) && refused.text.find("extension") != std::string::npos;
}

Harm harm_of(const StatementEffect& effect, const ServerMessage& refused, const std::string& connected_user) {
  const bool role = effect.object == "ROLE" || effect.object == "USER";
  const bool own = role && effect.subject.name == connected_user;
  if (effect.verb == Verb::kDrop && role) {
    if (own && refused.sqlstate == kObjectInUse) return Harm::kNone;
    if (refused.sqlstate == kObjectInUse || refused.sqlstate == kDependentObjects || refused.sqlstate == kUndefinedObject) return Harm::kKept;
  }
  if (effect.verb == Verb::kCreate && (role || effect.object == "TABLESPACE") && is_duplicate(refused)) return own ? Harm::kNone : Harm::kKept;
  return Harm::kFatal;
}

}  // namespace cairn
