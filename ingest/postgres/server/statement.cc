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
// What a statement begins with that begins, ends or divides a transaction.
constexpr std::array<std::string_view, 9> kTransactionWords = {"begin",    "start",     "commit",  "end",    "rollback",
                                                               "abort", "savepoint", "release", "prepare"};

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

// The beginning of a statement, word by word.
class Head {
 public:
  Head(std::string_view sql, bool backslashes) : sql_(sql), tokens_(sql, !backslashes) {}

  bool word(std::string_view one) { return tokens_.peek().is(one) && take(); }
  bool words(std::initializer_list<std::string_view> all) {
    return std::ranges::all_of(all, [this](std::string_view one) { return word(one); });
  }
  bool one_of(std::initializer_list<std::string_view> any) {
    return std::ranges::any_of(any, [this](std::string_view one) { return word(one); });
  }
  bool symbol(char c) { return tokens_.peek().symbol(c) && take(); }
  bool string(std::string_view text) { return tokens_.peek().kind == Kind::kString && tokens_.peek().text == text && take(); }
  bool name(std::string_view own) { return tokens_.peek().named() && tokens_.peek().text == own && take(); }
  bool any_name() { return tokens_.peek().named() && take(); }
  bool any_string() { return tokens_.peek().kind == Kind::kString && take(); }
  // Up to what is neither a name nor a comma.
  bool list_of_names() {
    while (tokens_.peek().named() || tokens_.peek().symbol(','))
      if (!take()) return false;
    return true;
  }
  // Likewise, up to the word at which the list ends.
  bool list_until(std::initializer_list<std::string_view> ends) {
    for (;;) {
      if (std::ranges::any_of(ends, [this](std::string_view one) { return tokens_.peek().is(one); })) return true;
      if (!any_name() && !symbol(',')) return false;
    }
  }

 private:
  // False, from then on, where something other than blanks was passed over.
  bool take() {
    const SqlToken token = tokens_.take();
    const std::string_view gap = sql_.substr(end_, token.begin - end_);
    end_ = token.end;
    plain_ = plain_ && gap.find_first_not_of(" \t\r\n") == gap.npos && !(token.is("u") && tokens_.peek().symbol('&'));
    return plain_;
  }

  const std::string_view sql_;
  SqlTokens tokens_;
  size_t end_ = 0;   // of what was taken
  bool plain_ = true;
};

// SET, RESET, a search_path, nothing.
bool only_sets(std::string_view sql, bool backslashes) {
  if (Head(sql, backslashes).one_of({"set", "reset"}) || Head(sql, backslashes).symbol(';')) return true;
  Head head(sql, backslashes);
  return head.words({"select", "pg_catalog"}) && head.symbol('.') && head.word("set_config") && head.symbol('(') && head.string("search_path") &&
         head.symbol(',') && head.any_string() && head.symbol(',') && head.one_of({"false", "true"}) && head.symbol(')') && head.symbol(';');
}

// COMMENT ON, SECURITY LABEL FOR x ON.
bool describes(Head& head) {
  if (head.word("comment")) return head.word("on");
  if (!head.words({"security", "label"})) return false;
  if (head.word("for") && !head.any_name() && !head.any_string()) return false;
  return head.word("on");
}

bool concerns_role(Head& head) {
  // USER MAPPING belongs to a database.
  return head.one_of({"role", "user", "group"}) && !head.word("mapping") && head.any_name();
}

}  // namespace

bool concerns_database(std::string_view sql, std::string_view database, bool backslashes) {
  if (only_sets(sql, backslashes)) return true;
  Head head(sql, backslashes);
  if (head.word("create")) return head.word("database") && head.name(database);
  if (head.word("alter")) {
    if (head.word("database"))
      return head.name(database) &&
             head.one_of({"set", "reset", "owner", "with", "is_template", "allow_connections", "connection", "refresh"});
    return concerns_role(head) && head.words({"in", "database"}) && head.name(database) && head.one_of({"set", "reset"});
  }
  if (head.one_of({"grant", "revoke"}))
    return head.list_until({"on"}) && head.words({"on", "database"}) && head.name(database) && head.one_of({"to", "from"});
  if (head.words({"update", "pg_catalog"}))
    return head.symbol('.') && head.words({"pg_database", "set", "datistemplate"}) && head.symbol('=') &&
           (head.one_of({"true", "false"}) || head.any_string()) && head.words({"where", "datname"}) && head.symbol('=') &&
           head.string(database) && head.symbol(';');
  return describes(head) && head.word("database") && head.name(database) && head.word("is");
}

bool concerns_globals(std::string_view sql, bool backslashes) {
  if (only_sets(sql, backslashes)) return true;
  Head head(sql, backslashes);
  if (head.word("drop")) return concerns_role(head);
  if (head.one_of({"grant", "revoke"})) {
    if (!head.list_until({"on", "to", "from"})) return false;
    return head.word("on") ? head.one_of({"parameter", "tablespace"}) : head.one_of({"to", "from"});
  }
  if (!head.one_of({"create", "alter"}) && !describes(head)) return false;
  return head.word("tablespace") || concerns_role(head);
}

bool copies_from_stdin(std::string_view sql, bool backslashes) {
  Head head(sql, backslashes);
  if (!head.word("copy") || !head.any_name()) return false;
  while (head.symbol('.'))
    if (!head.any_name()) return false;
  if (head.symbol('(') && !(head.list_of_names() && head.symbol(')'))) return false;
  if (head.word("with") && !head.word("oids")) return false;   // as servers before 12 wrote it
  return head.word("from") && head.one_of({"stdin", "stdout"});   // for the server the two are one
}

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
  } else if (first.kind == Kind::kWord && std::ranges::find(kTransactionWords, first.text) != kTransactionWords.end()) {
    effect.verb = Verb::kTransaction;
  }
  return effect;
}

}  // namespace cairn
