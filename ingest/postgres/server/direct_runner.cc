#include "ingest/postgres/server/direct_runner.h"

#include "ingest/postgres/server/rewrite.h"
#include "ingest/postgres/server/script_runner.h"
#include "ingest/postgres/server/tolerate.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr std::string_view kUnknownSetting = "42704";   // also of a setting that the server doesn't know
constexpr std::string_view kInvalidValue = "22023";

constexpr int kLocaleProviders = 150000;

bool sets_something(const StatementEffect& effect, std::string_view sql) {
  return effect.verb == Verb::kSet || ((effect.verb == Verb::kAlterRole || effect.object == "DATABASE") && sql.find(" SET ") != sql.npos);
}

}  // namespace

DirectRunner::DirectRunner(std::string what, PostgresConnection& connection, DirectRules rules, PostgresRestoreResult& result)
    : what_(std::move(what)), connection_(connection), rules_(std::move(rules)), result_(result) {
  connection_.exec("SET standard_conforming_strings = on");   // what the lexer of scripts begins with
  const PostgresRows own = connection_.query("SELECT current_user UNION SELECT session_user");
  for (size_t i = 0; i < own.size(); ++i) own_.emplace(own.text(i, 0));
}

void DirectRunner::statement(const SqlStatement& statement) {
  std::string sql(statement.text);
  if (!rules_.called.empty() && rules_.called != rules_.database) sql = for_other_database(sql, rules_.database, rules_.called);
  const StatementEffect effect = effect_of(sql, backslashes_);
  if (effect.verb == Verb::kCreate && effect.object == "DATABASE" && connection_.server_version_num() < kLocaleProviders)
    sql = without_locale_provider(sql);
  if (!wanted(effect)) return;
  require_admitted(statement, sql, effect);
  if (of_own_role(effect)) return;
  if (effect.verb == Verb::kSet && effect.subject.name == "standard_conforming_strings") backslashes_ = sql.find("off") != std::string::npos;
  if (const auto why = connection_.try_exec_one(sql)) refused(statement, effect, *why);
}

void DirectRunner::rows(ByteView) { throw Error(ErrorCode::kInvalidArgument, printable(what_) + ": rows of a table where none belong"); }

bool DirectRunner::wanted(const StatementEffect& effect) const {
  if (effect.verb == Verb::kTransaction) return false;
  if (effect.verb != Verb::kDrop) return true;
  if (effect.object != "ROLE" || !rules_.drop_roles) return false;
  return connection_.query("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = " + PostgresConnection::quote_literal(effect.subject.name)).size() > 0;
}

void DirectRunner::require_admitted(const SqlStatement& statement, const std::string& sql, const StatementEffect& effect) const {
  if (effect.verb == Verb::kCopy && !statement.copies_in) throw not_run(what_, statement, kCopyOfOtherThings);
  if (rules_.called.empty()) {
    if (!concerns_globals(sql, backslashes_)) throw not_run(what_, statement, "not about roles and tablespaces");
  } else if (!concerns_database(sql, rules_.called, backslashes_)) {
    throw not_run(what_, statement, "not about database " + printable(rules_.database));
  }
}

// With the dump's password or without LOGIN it would lock out whoever restores.  What a database's own text says about it (ALTER
// ROLE … IN DATABASE … SET) takes no right away.
bool DirectRunner::of_own_role(const StatementEffect& effect) {
  const bool verb = effect.verb == Verb::kAlterRole || effect.verb == Verb::kCreate || effect.verb == Verb::kDrop;
  const bool role = effect.object == "ROLE" || effect.object == "USER" || effect.object == "GROUP";
  if (!verb || !role || !rules_.called.empty() || !own_.contains(effect.subject.name)) return false;
  if (!own_told_)
    result_.warnings.push_back("role " + printable(effect.subject.name) + " is the one this restore runs as: it keeps its password and rights here");
  own_told_ = true;
  return true;
}

void DirectRunner::refused(const SqlStatement& statement, const StatementEffect& effect, const ServerMessage& why) {
  const std::string told = refusal(what_, statement.begin, statement.text, why);
  if ((why.sqlstate == kUnknownSetting || why.sqlstate == kInvalidValue) && sets_something(effect, statement.text)) {
    result_.warnings.push_back(refusal(what_, statement.begin, statement.text, why, "; the setting is left out"));
    return;
  }
  const Harm harm = harm_of(effect, why, connection_.user());
  if (harm == Harm::kFatal && effect.verb == Verb::kRights && !rules_.called.empty() && why.sqlstate == kUnknownSetting) {
    result_.warnings.push_back(refusal(what_, statement.begin, statement.text, why, "; it is left out"));
    return;
  }
  if (harm == Harm::kFatal) throw Error(ErrorCode::kIo, told);
  result_.tolerated.push_back(told);
  if (harm == Harm::kKept && kept_.insert(effect.subject.name).second)
    result_.warnings.push_back((effect.object == "TABLESPACE" ? "tablespace " : "role ") + printable(effect.subject.name) +
                               " is on the server already: it is kept, and gets the dump's settings");
}

std::set<std::string> roles_of(PostgresConnection& connection) {
  std::set<std::string> out;
  const PostgresRows rows = connection.query("SELECT rolname FROM pg_catalog.pg_roles");
  for (size_t i = 0; i < rows.size(); ++i) out.emplace(rows.text(i, 0));
  return out;
}

}  // namespace cairn
