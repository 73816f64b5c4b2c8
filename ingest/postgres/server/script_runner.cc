#include "ingest/postgres/server/script_runner.h"

#include <algorithm>
#include <array>
#include <span>

#include "ingest/postgres/server/tolerate.h"

namespace cairn {

namespace {

constexpr size_t kShownStatementBytes = 120;

// Dropped before they are created anew.
constexpr std::array<std::string_view, 17> kReplaced = {
    "TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "TYPE", "DOMAIN", "COLLATION", "CONVERSION", "EVENT TRIGGER",
    "PUBLICATION", "SERVER", "FOREIGN DATA WRAPPER", "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY", "TEXT SEARCH PARSER",
    "TEXT SEARCH TEMPLATE"};
constexpr size_t kRelationsAndTypes = 7;   // of these, the first
// What is added to one that was there may be in it already.
constexpr std::array<std::string_view, 2> kAddedTo = {"OPERATOR FAMILY", "PUBLICATION"};
// Created with OR REPLACE: others may depend on them.
constexpr std::array<std::string_view, 3> kReplaceable = {"FUNCTION", "PROCEDURE", "AGGREGATE"};
// Belong to a table, so they are gone with the old one.
constexpr std::array<std::string_view, 7> kOfTables = {"INDEX", "TRIGGER", "CONSTRAINT TRIGGER", "RULE", "POLICY", "STATISTICS", "EXTENSION"};

bool one_of(const auto& list, std::string_view what) { return std::ranges::find(list, what) != list.end(); }

std::string qualified(const QualifiedName& name) {
  const std::string last = PostgresConnection::quote_identifier(name.name);
  return name.schema.empty() ? last : PostgresConnection::quote_identifier(name.schema) + "." + last;
}

// The first line, and not all of that when it is long.
std::string shown(std::string_view statement) {
  statement.remove_prefix(std::min(statement.find_first_not_of(" \t\r\n"), statement.size()));
  const std::string_view line = statement.substr(0, statement.find_first_of("\r\n"));
  if (line.size() <= kShownStatementBytes) return printable(line);
  size_t end = kShownStatementBytes - 1;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;   // never within a character
  return printable(line.substr(0, end)) + "…";
}

std::string in_place(const std::string& what, uint64_t offset, const std::string& shown_statement) {
  return "; in " + printable(what) + " at byte " + std::to_string(offset) + ": " + shown_statement;
}

}  // namespace

std::string refusal(const std::string& what, uint64_t offset, std::string_view statement, const ServerMessage& refused, const std::string& advice) {
  std::string out = "the server says: " + refused.text;
  if (!refused.detail.empty()) out += "; " + refused.detail;
  if (!refused.hint.empty()) out += "; " + refused.hint;
  if (refused.text.find("must be owner of") != std::string::npos) out += "; restore as its owner or a superuser";
  return out + advice + in_place(what, offset, shown(statement));
}

Error not_run(const std::string& what, const SqlStatement& statement, const std::string& why) {
  return Error(ErrorCode::kInvalidArgument,
               printable(what) + " at byte " + std::to_string(statement.begin) + ": " + why + "; not run: " + shown(statement.text));
}

ScriptRunner::ScriptRunner(std::string what, PostgresConnection& connection, RunRules rules, PostgresRestoreResult& result)
    : what_(std::move(what)), connection_(connection), rules_(std::move(rules)), result_(result) {}

void ScriptRunner::statement(const SqlStatement& statement) {
  StatementEffect effect = effect_of(statement.text, backslashes_);
  const bool copies = statement.copies_in || effect.verb == Verb::kCopy;
  if (copies && !(statement.copies_in && copies_from_stdin(statement.text, backslashes_))) throw not_run(what_, statement, kCopyOfOtherThings);
  skipping_rows_ = !wanted(effect) || roles_missing(effect) || of_kept(statement);
  if (skipping_rows_) return;
  const bool chosen = !rules_.chosen || effect.verb != Verb::kCreate || rules_.chosen(effect.object, effect.subject);
  std::string sql(statement.text);
  if (rules_.rewrite != nullptr) {
    sql = rules_.rewrite->apply(sql, backslashes_);
    effect = effect_of(sql, backslashes_);
  }
  if (statement.copies_in) return begin_rows(statement, sql, effect);
  if (must_wait(statement, sql)) {
    late_.push_back({statement.begin, sql});
    return;
  }
  if (effect.verb == Verb::kSet) return set(statement, sql, effect);
  if (rules_.gently && effect.verb != Verb::kSettings) return try_only(statement, sql);
  if (effect.verb == Verb::kCreate) return create(statement, std::move(sql), effect, chosen);
  if (effect.verb == Verb::kRights && !rules_.superuser) return give_rights(statement, sql);
  if (effect.verb == Verb::kLargeObject) return large_object(statement, sql, effect);
  if (effect.verb == Verb::kComment && effect.object == "EXTENSION") {
    // Only its owner may, and without the comment nothing is lost.
    const auto refused = attempt(sql);
    if (refused && !is_lack_of_rights(*refused)) fail(statement, *refused);
    if (refused) result_.tolerated.push_back(refusal(what_, statement.begin, sql, *refused));
    return;
  }
  if (rules_.clean && effect.verb == Verb::kOther && one_of(kAddedTo, effect.object)) return create_unless_there(statement, sql, effect);
  execute(statement, sql);
  if (effect.verb == Verb::kInsert) tables_[effect.subject] += statement.tuples;
}

void ScriptRunner::begin_rows(const SqlStatement& statement, const std::string& sql, const StatementEffect& effect) try {
  copied_ = effect.subject;
  copy_offset_ = statement.begin;
  copy_shown_ = shown(sql);
  connection_.begin_copy_in(sql);
} catch (const Error& e) {
  if (e.code() == ErrorCode::kInterrupted) throw;
  throw Error(e.code(), e.what() + in_place(what_, copy_offset_, copy_shown_));
}

void ScriptRunner::rows(ByteView block) {
  if (!skipping_rows_) connection_.put_copy(block);
}

void ScriptRunner::rows_end() try {
  if (!skipping_rows_) tables_[copied_] += connection_.end_copy_in();
} catch (const Error& e) {
  if (e.code() == ErrorCode::kInterrupted) throw;
  throw Error(e.code(), e.what() + in_place(what_, copy_offset_, "rows of " + copy_shown_));
}

// What a dump drops (pg_dump --clean) isn't dropped on its word: `clean` is this restore's own decision.
bool ScriptRunner::wanted(const StatementEffect& effect) const {
  if (effect.verb == Verb::kTransaction || effect.verb == Verb::kDrop) return false;
  if (effect.verb == Verb::kLargeObject && effect.subject.name == "lo_unlink") return false;
  if (!rules_.data_only) return true;
  return effect.verb == Verb::kSet || effect.verb == Verb::kSettings || effect.verb == Verb::kCopy || effect.verb == Verb::kInsert ||
         effect.verb == Verb::kSetval || effect.verb == Verb::kLargeObject;
}

// About a relation or a type that was there and stays as it is.
bool ScriptRunner::of_kept(const SqlStatement& statement) const {
  if (kept_.empty()) return false;
  const StatementFacts facts = facts_of(statement.text, !backslashes_);
  const std::optional<QualifiedName>& about = facts.table ? facts.table : facts.subject;
  return about && kept_.contains(*about);
}

// A partition that comes back to a table that was there comes with its own keys, or it would be given the table's.  Its indexes are
// joined to the table's then; those of its own partitions before.
bool ScriptRunner::must_wait(const SqlStatement& statement, const std::string& sql) {
  if (kept_.empty() || statement.text.find("ATTACH PARTITION") == statement.text.npos) return false;
  const StatementFacts facts = facts_of(statement.text, !backslashes_);
  if (statement.text.starts_with("ALTER INDEX")) return attempt(sql).has_value();   // doing it twice does nothing
  return facts.subject && kept_.contains(*facts.subject);
}

void ScriptRunner::finish() {
  for (const auto& [begin, sql] : late_) {
    const SqlStatement statement{.begin = begin, .end = begin + sql.size(), .text = sql};
    execute(statement, sql);
  }
  late_.clear();
}

bool ScriptRunner::roles_missing(const StatementEffect& effect) {
  bool missing = false;
  for (const std::string& role : effect.roles) {
    if (effect.verb != Verb::kRights || rules_.roles.contains(role)) continue;
    ++missing_roles_[role];
    missing = true;
  }
  return missing;
}

std::vector<std::string> ScriptRunner::left_out() const {
  std::vector<std::string> out;
  for (const auto& [role, count] : missing_roles_)
    out.push_back(printable(what_) + ": role " + printable(role) + " isn't on the server: " + std::to_string(count) +
                  (count == 1 ? " statement that gives it" : " statements that give it") + " something left out (roles are in globals.sql)");
  if (not_given_ > 0)
    out.push_back(printable(what_) + ": user " + printable(connection_.user()) + " may not give away owners and rights as the dump says: " +
                  std::to_string(not_given_) + (not_given_ == 1 ? " statement" : " statements") + " left out");
  return out;
}

// Settings of newer servers, of tablespaces that aren't there.
void ScriptRunner::set(const SqlStatement& statement, const std::string& sql, const StatementEffect& effect) {
  const std::string& name = effect.subject.name;
  if (name == "standard_conforming_strings") backslashes_ = sql.find("off") != std::string::npos;
  const auto refused = attempt(sql);
  if (!refused) return;
  if (name == "client_encoding" || name == "standard_conforming_strings") fail(statement, *refused);
  result_.warnings.push_back(refusal(what_, statement.begin, sql, *refused, "; the setting is left out"));
  if (name == "default_tablespace") execute(statement, "SET default_tablespace = ''");
}

void ScriptRunner::create(const SqlStatement& statement, std::string sql, const StatementEffect& effect, bool chosen) {
  const bool first = created_.emplace(effect.object, effect.subject).second;   // a type or a view may be announced, then made
  const bool of_table = one_of(kOfTables, effect.object);
  if (effect.object == "SCHEMA") {
    const std::string name = PostgresConnection::quote_literal(effect.subject.name);
    if (connection_.query("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = " + name).size() > 0) return;
  } else if (!chosen && first && !of_table) {
    return create_unless_there(statement, sql, effect);
  } else if (rules_.clean && first && one_of(kReplaced, effect.object)) {
    execute(statement, "DROP " + effect.object + " IF EXISTS " + qualified(effect.subject) + " CASCADE");
  } else if (rules_.clean && one_of(kReplaceable, effect.object) && effect.replace_at > 0) {
    sql.insert(effect.replace_at, "OR REPLACE ");
  } else if (rules_.clean && !one_of(kReplaced, effect.object) && !one_of(kReplaceable, effect.object) && !of_table) {
    return create_unless_there(statement, sql, effect);
  }
  if (effect.object == "TABLE") tables_[effect.subject];
  execute(statement, sql);
}

void ScriptRunner::create_unless_there(const SqlStatement& statement, const std::string& sql, const StatementEffect& effect) {
  const auto refused = attempt(sql);
  if (!refused) {
    if (effect.object == "TABLE") tables_[effect.subject];
    return;
  }
  if (!is_there_already(*refused)) fail(statement, *refused);
  result_.tolerated.push_back(refusal(what_, statement.begin, sql, *refused, "; it is left as it was"));
  if (one_of(std::span(kReplaced).first(kRelationsAndTypes), effect.object)) kept_.insert(effect_of(statement.text, backslashes_).subject);
}

// A foreign key that is there, or that rows which were there don't keep.
void ScriptRunner::try_only(const SqlStatement& statement, const std::string& sql) {
  const auto refused = attempt(sql);
  if (refused && !is_duplicate(*refused)) result_.mismatches.push_back(refusal(what_, statement.begin, sql, *refused));
}

void ScriptRunner::give_rights(const SqlStatement& statement, const std::string& sql) {
  const auto refused = attempt(sql);
  if (refused && !is_lack_of_rights(*refused)) fail(statement, *refused);
  not_given_ += refused ? 1 : 0;
}

// A new one in place of the old; of data_only the old one is emptied, for who may read it isn't in the data.
void ScriptRunner::large_object(const SqlStatement& statement, const std::string& sql, const StatementEffect& effect) {
  if (!rules_.clean || effect.subject.name != "lo_create") return execute(statement, sql);
  const std::optional<QualifiedName> object = facts_of(sql, !backslashes_).subject;
  const std::string oid = PostgresConnection::quote_literal(object ? object->name : "0") + "::pg_catalog.oid";
  if (connection_.query("SELECT 1 FROM pg_catalog.pg_largeobject_metadata WHERE oid = " + oid).size() == 0) return execute(statement, sql);
  if (!rules_.data_only) {
    execute(statement, "SELECT pg_catalog.lo_unlink(" + oid + ")");
    return execute(statement, sql);
  }
  constexpr std::string_view kForWriting = "131072";
  // Closed again, for the dump counts on number 0 for the one that it writes.
  execute(statement, "SELECT pg_catalog.lo_truncate(pg_catalog.lo_open(" + oid + ", " + std::string(kForWriting) + "), 0)");
  execute(statement, "SELECT pg_catalog.lo_close(0)");
}

void ScriptRunner::execute(const SqlStatement& statement, const std::string& sql) {
  if (const auto refused = connection_.try_exec_one(sql)) fail(statement, *refused);
}

// What the server refuses leaves the transaction as it was.
std::optional<ServerMessage> ScriptRunner::attempt(const std::string& sql) {
  connection_.exec("SAVEPOINT cairn_attempt");
  const auto refused = connection_.try_exec_one(sql);
  if (refused) connection_.exec("ROLLBACK TO SAVEPOINT cairn_attempt");
  connection_.exec("RELEASE SAVEPOINT cairn_attempt");
  return refused;
}

void ScriptRunner::fail(const SqlStatement& statement, const ServerMessage& refused) const {
  std::string advice;
  if (is_duplicate(refused) && !rules_.clean)
    advice += "; --clean replaces what is there, --data-only only adds the rows to tables that are there";
  if (is_missing_extension(refused)) advice += "; install it on the server, or restore what doesn't need it by name";
  if (rules_.data_only && is_missing_relation(refused) && effect_of(statement.text, backslashes_).verb == Verb::kSetval)
    advice += "; the table that is there has no such sequence, which --data-only doesn't make";
  throw Error(ErrorCode::kIo, refusal(what_, statement.begin, statement.text, refused, advice));
}

}  // namespace cairn
