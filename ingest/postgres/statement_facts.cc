#include "ingest/postgres/statement_facts.h"

#include <algorithm>

#include "ingest/postgres/sql_names.h"

namespace cairn {

namespace {

using Kind = SqlToken::Kind;

bool is_one_of(const SqlToken& token, std::initializer_list<std::string_view> words) {
  return token.kind == Kind::kWord && std::find(words.begin(), words.end(), token.text) != words.end();
}

// "table", "materialized view", "foreign data wrapper" …: what kind of object is spoken of.
std::string take_kind(SqlTokens& tokens) {
  if (tokens.peek().kind != Kind::kWord) return "";
  std::string kind = tokens.take().text;
  const auto more = [&](std::initializer_list<std::string_view> words) {
    if (is_one_of(tokens.peek(), words)) kind += " " + tokens.take().text;
  };
  if (kind == "materialized") more({"view"});
  if (kind == "foreign") more({"table", "data", "server"});
  if (kind == "foreign data") more({"wrapper"});
  if (kind == "text") more({"search"});
  if (kind == "text search") more({"configuration", "dictionary", "parser", "template"});
  if (kind == "operator") more({"class", "family"});
  if (kind == "event" || kind == "constraint") more({"trigger"});
  if (kind == "user") more({"mapping"});
  if (kind == "access") more({"method"});
  if (kind == "large") more({"object"});
  if (kind == "default") more({"privileges", "conversion"});
  if (kind == "procedural") more({"language"});
  return kind;
}

bool nameless(std::string_view kind) {
  return kind == "cast" || kind == "transform" || kind == "user mapping" || kind == "default privileges";
}

// An operator's name is symbols behind an optional schema.
std::optional<QualifiedName> take_operator(SqlTokens& tokens) {
  QualifiedName name;
  if (tokens.peek().named()) {
    name.schema = tokens.take().text;
    if (!tokens.accept_symbol('.')) return std::nullopt;
  }
  while (tokens.peek().kind == Kind::kSymbol && !tokens.peek().symbol('(') && !tokens.peek().symbol(')')) name.name += tokens.take().text;
  if (name.name.empty()) return std::nullopt;
  return name;
}

std::optional<QualifiedName> take_name(SqlTokens& tokens, std::string_view kind) {
  if (nameless(kind)) return std::nullopt;
  return kind == "operator" ? take_operator(tokens) : tokens.qualified();
}

// What has no schema of its own is in its table's.
void belongs_to(StatementFacts& facts, std::optional<QualifiedName> own, std::optional<QualifiedName> table) {
  if (own && table) own->schema = table->schema;
  facts.subject = std::move(own);
  facts.table = std::move(table);
}

StatementFacts of_create(SqlTokens& tokens) {
  StatementFacts facts;
  while (is_one_of(tokens.peek(), {"or", "replace", "temp", "temporary", "unlogged", "unique", "recursive", "trusted"})) tokens.take();
  const std::string kind = take_kind(tokens);
  tokens.accept("concurrently");
  if (tokens.accept("if")) {
    tokens.accept("not");
    tokens.accept("exists");
  }
  std::optional<QualifiedName> name = take_name(tokens, kind);
  if (kind == "index" || kind == "trigger" || kind == "constraint trigger" || kind == "policy" || kind == "rule") {
    if (tokens.skip_behind(kind == "rule" ? "to" : "on")) {
      tokens.accept("only");
      belongs_to(facts, std::move(name), tokens.qualified());
    }
    return facts;
  }
  if (kind == "extension" && name && tokens.skip_behind("schema")) {
    if (std::optional<QualifiedName> schema = tokens.qualified()) name->schema = schema->name;
  }
  facts.subject = std::move(name);
  if (kind == "statistics" && tokens.skip_behind("from")) facts.table = tokens.qualified();
  return facts;
}

void of_alter_table(SqlTokens& tokens, StatementFacts& facts) {
  facts.table = facts.subject;
  if (tokens.accept("attach")) {
    tokens.accept("partition");
    facts.table = tokens.qualified();
  } else if (tokens.accept("add")) {
    if (tokens.accept("constraint")) belongs_to(facts, tokens.qualified(), facts.table);
  } else if (tokens.accept("alter")) {
    tokens.accept("column");
    tokens.take();
    if (!tokens.accept("add") || !tokens.accept("generated")) return;
    // … AS IDENTITY (SEQUENCE NAME s …): what it makes is the sequence.
    while (tokens.peek().kind != Kind::kEnd && !tokens.accept("sequence")) tokens.take();
    if (!tokens.accept("name")) return;
    if (std::optional<QualifiedName> sequence = tokens.qualified()) facts.subject = std::move(sequence);
  }
}

StatementFacts of_alter(SqlTokens& tokens) {
  StatementFacts facts;
  const std::string kind = take_kind(tokens);
  if (tokens.accept("if")) tokens.accept("exists");
  tokens.accept("only");
  facts.subject = take_name(tokens, kind);
  if (!facts.subject) return facts;
  if (kind == "table" || kind == "foreign table") {
    of_alter_table(tokens, facts);
  } else if (kind == "index" && tokens.accept("attach")) {
    tokens.accept("partition");
    facts.table = tokens.qualified();
  } else if (kind == "sequence" && tokens.accept("owned")) {
    tokens.accept("by");
    std::string column;
    facts.table = tokens.qualified(&column);
    // table.column, without a schema
    if (facts.table && column.empty()) facts.table = QualifiedName{"", facts.table->schema};
  } else if (kind == "publication" && tokens.accept("add") && tokens.accept("table")) {
    tokens.accept("only");
    facts.table = tokens.qualified();
  }
  return facts;
}

// COMMENT ON, SECURITY LABEL … ON, GRANT … ON, REVOKE … ON: tokens are behind ON.
StatementFacts of_remark(SqlTokens& tokens) {
  StatementFacts facts;
  const std::string kind = take_kind(tokens);
  std::string column;
  std::optional<QualifiedName> name = take_name(tokens, kind);
  if (kind == "constraint" || kind == "trigger" || kind == "policy" || kind == "rule") {
    if (tokens.accept("on")) {
      tokens.accept("domain");
      belongs_to(facts, std::move(name), tokens.qualified());
    }
  } else if (kind == "column" && name) {
    // schema.table.column: the first two
    facts.subject = facts.table = std::move(name);
  } else {
    facts.subject = std::move(name);
  }
  return facts;
}

// The arguments of pg_restore_relation_stats(…) and its like come in pairs of a name and a value.
StatementFacts of_statistics(SqlTokens& tokens) {
  QualifiedName name;
  while (tokens.peek().kind != Kind::kEnd) {
    const SqlToken token = tokens.take();
    if (token.kind != Kind::kString || !tokens.accept_symbol(',')) continue;
    const SqlToken value = tokens.peek();
    if (value.kind != Kind::kString) continue;
    if (token.text == "schemaname") name.schema = value.text;
    if (token.text == "relname") name.name = value.text;
    if (token.text == "relation") name = parse_qualified(value.text).value_or(QualifiedName{});
  }
  StatementFacts facts;
  if (!name.name.empty()) facts.subject = facts.table = std::move(name);
  return facts;
}

// SELECT pg_catalog.setval('public.s', 3, true), lo_create('4242'), pg_restore_relation_stats(…)
StatementFacts of_select(SqlTokens& tokens) {
  StatementFacts facts;
  if (tokens.accept_symbol('*')) tokens.accept("from");
  const std::optional<QualifiedName> function = tokens.qualified();
  if (!function || !tokens.accept_symbol('(')) return facts;
  if (function->name.starts_with("pg_restore_")) return of_statistics(tokens);
  const SqlToken& argument = tokens.peek();
  if (argument.kind != Kind::kString && argument.kind != Kind::kWord) return facts;
  if (function->name == "setval") facts.subject = parse_qualified(argument.text);
  if (function->name.starts_with("lo_")) facts.subject = QualifiedName{"", argument.text};
  return facts;
}

StatementFacts of_rows(std::string_view sql, SqlTokens& tokens) {
  StatementFacts facts;
  facts.subject = tokens.qualified();
  if (!tokens.accept_symbol('(')) return facts;
  const size_t begin = tokens.peek().begin;
  while (tokens.peek().kind != Kind::kEnd && !tokens.peek().symbol(')')) tokens.take();
  if (tokens.peek().symbol(')')) facts.columns = sql.substr(begin, tokens.peek().begin - begin);
  return facts;
}

bool of_the_system(const QualifiedName& name) { return name.schema == "pg_catalog" || name.schema == "information_schema"; }

}  // namespace

StatementFacts facts_of(std::string_view sql, bool standard_strings) {
  SqlTokens tokens(sql, standard_strings);
  if (tokens.accept("create")) return of_create(tokens);
  if (tokens.accept("alter")) return of_alter(tokens);
  if (tokens.accept("select")) return of_select(tokens);
  if (tokens.accept("copy")) return of_rows(sql, tokens);
  if (tokens.accept("insert")) {
    tokens.accept("into");
    return of_rows(sql, tokens);
  }
  if (tokens.accept("refresh")) {
    take_kind(tokens);
    StatementFacts facts;
    facts.subject = tokens.qualified();
    return facts;
  }
  const bool remark = is_one_of(tokens.peek(), {"comment", "security", "grant", "revoke"});
  if (remark && tokens.skip_behind("on")) return of_remark(tokens);
  return {};
}

void append_mentions(std::string_view sql, bool standard_strings, size_t most, std::vector<QualifiedName>& mentions) {
  SqlTokens tokens(sql, standard_strings);
  const auto add = [&](std::optional<QualifiedName> name) {
    if (name && !name->schema.empty() && !of_the_system(*name)) mentions.push_back(std::move(*name));
  };
  while (tokens.peek().kind != Kind::kEnd && mentions.size() < most) {
    if (tokens.peek().named()) {
      const bool an_operator = tokens.peek().is("operator");
      add(tokens.qualified());
      // a OPERATOR(public.===) b
      if (an_operator && tokens.accept_symbol('(')) add(take_operator(tokens));
      continue;
    }
    const SqlToken token = tokens.take();
    if (token.kind != Kind::kString || !tokens.accept_symbol(':') || !tokens.accept_symbol(':')) continue;
    std::optional<QualifiedName> type = tokens.qualified();
    if (type && type->name.starts_with("reg")) {
      add(parse_qualified(token.text));
    } else {
      add(std::move(type));
    }
  }
}

}  // namespace cairn
