#include "ingest/postgres/server/statement.h"

#include <algorithm>
#include <array>

#include "ingest/postgres/sql_names.h"

namespace cairn {

namespace {

using Kind = SqlToken::Kind;

// Kinds of objects of more than one word, the longer ones first.
constexpr std::array<std::string_view, 20> kLongObjects = {
    "text search configuration", "text search dictionary", "text search parser", "text search template", "foreign data wrapper",
    "materialized view",         "foreign table",          "event trigger",      "access method",        "user mapping",
    "operator class",            "operator family",        "default conversion", "constraint trigger",   "large object",
    "procedural language",       "trusted language",       "table constraint",   "domain constraint",    "parameter acl",
};
// Words between CREATE and the kind of object that say nothing about it.
constexpr std::array<std::string_view, 8> kModifiers = {"or", "replace", "unlogged", "unique", "recursive", "temporary", "temp", "trusted"};

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

QualifiedName take_name(SqlTokens& tokens) { return tokens.qualified().value_or(QualifiedName()); }

bool starts_long_object(std::string_view words) {
  return std::ranges::any_of(kLongObjects, [&](std::string_view one) {
    return one.starts_with(words) && one.size() > words.size() && one[words.size()] == ' ';
  });
}

// "MATERIALIZED VIEW": as many words as belong to it.
std::string take_object(SqlTokens& tokens) {
  std::string words;
  while (tokens.peek().kind == Kind::kWord) {
    words += (words.empty() ? "" : " ") + tokens.take().text;
    if (!starts_long_object(words)) break;
    const std::string longer = words + " " + tokens.peek().text;
    const bool known = starts_long_object(longer) || std::ranges::find(kLongObjects, longer) != kLongObjects.end();
    if (tokens.peek().kind != Kind::kWord || !known) break;
  }
  return upper(std::move(words));
}

void skip_existence(SqlTokens& tokens) {
  tokens.accept("concurrently");
  if (!tokens.accept("if")) return;
  tokens.accept("not");
  tokens.accept("exists");
}

void create(SqlTokens& tokens, StatementEffect& effect) {
  effect.verb = Verb::kCreate;
  effect.replace_at = tokens.peek().is("or") ? 0 : tokens.peek().begin;
  while (std::ranges::any_of(kModifiers, [&](std::string_view word) { return tokens.peek().is(word); })) tokens.take();
  effect.object = take_object(tokens);
  skip_existence(tokens);
  effect.subject = take_name(tokens);
}

void drop(SqlTokens& tokens, StatementEffect& effect) {
  effect.verb = Verb::kDrop;
  effect.object = take_object(tokens);
  skip_existence(tokens);
  effect.subject = take_name(tokens);
}

void comment(SqlTokens& tokens, StatementEffect& effect) {
  effect.verb = Verb::kComment;
  tokens.accept("on");
  effect.object = take_object(tokens);
  effect.subject = take_name(tokens);
}

// The names behind TO, FROM, GRANTED BY and FOR ROLE.
void rights(SqlTokens& tokens, StatementEffect& effect) {
  effect.verb = Verb::kRights;
  while (tokens.peek().kind != Kind::kEnd) {
    const SqlToken token = tokens.take();
    const bool names = token.is("to") || token.is("from") || (token.is("granted") && tokens.accept("by")) ||
                       (token.is("for") && tokens.accept("role"));
    if (!names) continue;
    do {
      tokens.accept("group");
      const SqlToken& role = tokens.peek();
      if (!(role.is("public") || role.is("current_user") || role.is("session_user"))) effect.roles.push_back(role.text);
      tokens.take();
    } while (tokens.accept_symbol(','));
  }
}

// ALTER: what takes something away, what gives something to somebody, what sets up a role.
void alter(SqlTokens& tokens, StatementEffect& effect) {
  if (tokens.peek().is("default")) return rights(tokens, effect);
  effect.object = take_object(tokens);
  if (effect.object == "ROLE" || effect.object == "USER") {
    effect.verb = Verb::kAlterRole;
    effect.subject = take_name(tokens);
    return;
  }
  skip_existence(tokens);
  tokens.accept("only");
  effect.subject = take_name(tokens);
  if (tokens.peek().is("drop") && effect.object.ends_with("TABLE")) effect.verb = Verb::kDrop;
  if (effect.verb == Verb::kDrop && tokens.accept("drop")) effect.object += " " + upper(tokens.peek().text);
  bool drops_default = false;
  for (SqlToken before; tokens.peek().kind != Kind::kEnd; before = tokens.take()) {
    if (before.is("owner") && tokens.peek().is("to")) {
      return rights(tokens, effect);
    }
    drops_default = drops_default || (before.is("drop") && tokens.peek().is("default"));
  }
  if (drops_default) effect.verb = Verb::kDrop;
}

void select(SqlTokens& tokens, StatementEffect& effect) {
  const QualifiedName function = take_name(tokens);
  if (function.schema != "pg_catalog" && !function.schema.empty()) return;
  if (function.name == "setval") effect.verb = Verb::kSetval;
  else if (function.name == "set_config") effect.verb = Verb::kSettings;
  else if (function.name.starts_with("lo_") || function.name == "lowrite") effect.verb = Verb::kLargeObject;
  effect.subject = function;
}

}  // namespace

StatementEffect effect_of(std::string_view statement, bool backslashes) {
  SqlTokens tokens(statement, !backslashes);
  StatementEffect effect;
  const SqlToken first = tokens.take();
  if (first.is("create")) create(tokens, effect);
  else if (first.is("drop")) drop(tokens, effect);
  else if (first.is("alter")) alter(tokens, effect);
  else if (first.is("grant") || first.is("revoke")) rights(tokens, effect);
  else if (first.is("select")) select(tokens, effect);
  else if (first.is("comment") || first.is("security")) {
    tokens.accept("label");
    if (tokens.accept("for")) tokens.take();
    comment(tokens, effect);
  } else if (first.is("set")) {
    effect.verb = Verb::kSet;
    if (!tokens.accept("session")) tokens.accept("local");
    effect.subject = take_name(tokens);
  } else if (first.is("copy") || first.is("insert")) {
    effect.verb = first.is("copy") ? Verb::kCopy : Verb::kInsert;
    tokens.accept("into");
    effect.subject = take_name(tokens);
  } else if (first.is("begin") || first.is("commit") || first.is("end") || (first.is("start") && tokens.peek().is("transaction"))) {
    effect.verb = Verb::kTransaction;
  }
  return effect;
}

}  // namespace cairn
