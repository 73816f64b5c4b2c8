#include "ingest/postgres/server/rewrite.h"

#include <algorithm>
#include <array>

#include "ingest/postgres/connection.h"
#include "ingest/postgres/part_names.h"
#include "ingest/postgres/sql_names.h"
#include "store/error.h"

namespace cairn {

namespace {

using Kind = SqlToken::Kind;
constexpr size_t kMostDoubtful = 20;
constexpr size_t kShownNameBytes = 60;

// A text with some tokens replaced.
class Replaced {
 public:
  explicit Replaced(std::string_view text) : text_(text) {}
  void replace(const SqlToken& token, const std::string& with) {
    out_.append(text_.substr(copied_, token.begin - copied_)).append(with);
    copied_ = token.end;
  }
  std::string take() {
    out_.append(text_.substr(copied_));
    return std::move(out_);
  }

 private:
  std::string_view text_;
  size_t copied_ = 0;
  std::string out_;
};

}  // namespace

// One statement: a window of tokens moves over it.
class SchemaRewrite::Pass {
 public:
  Pass(const SchemaRewrite& rewrite, std::string_view statement, bool backslashes)
      : rewrite_(rewrite), tokens_(statement, !backslashes), out_(statement) {
    for (SqlToken& token : ahead_) token = tokens_.take();
  }

  std::string run() {
    for (; ahead_[0].kind != Kind::kEnd; advance()) {
      const SqlToken& token = ahead_[0];
      follow_context(token);
      if (token.named()) name(token);
      else if (token.kind == Kind::kString) string(token);
    }
    return out_.take();
  }
  bool doubtful() const { return doubtful_; }

 private:
  void advance() {
    before_[1] = std::move(before_[0]);
    before_[0] = std::move(ahead_[0]);
    for (size_t i = 0; i + 1 < ahead_.size(); ++i) ahead_[i] = std::move(ahead_[i + 1]);
    ahead_.back() = tokens_.take();
  }

  // Whether a schema's name is to be expected: behind SCHEMA, in the list of search_path.
  void follow_context(const SqlToken& token) {
    if (before_[0].is("schema")) behind_schema_ = true;
    else if (behind_schema_ && !(before_[0].is("if") || before_[0].is("not"))) behind_schema_ = before_[0].is("exists");
    if (before_[0].is("search_path")) in_path_ = true;
    else if (in_path_ && !(token.symbol(',') || before_[0].symbol(',') || before_[0].symbol('=') || before_[0].is("to"))) in_path_ = false;
  }

  void name(const SqlToken& token) {
    if (before_[0].symbol('.') || token.text != rewrite_.from_) {
      // A table that has the schema's name: its columns look like things in the schema.
      if (before_[0].symbol('.') && token.text == rewrite_.from_) doubtful_ = true;
      return;
    }
    const bool qualifies = ahead_[1].symbol('.') && (ahead_[2].named() || ahead_[2].kind == Kind::kSymbol);
    if (qualifies && rewrite_.kept_.contains(operator_or_name())) return;
    if (qualifies || behind_schema_ || in_path_) out_.replace(token, quote_identifier(rewrite_.to_));
  }
  // OPERATOR(app.=): as many symbols as there are.
  std::string operator_or_name() const {
    if (ahead_[2].named()) return ahead_[2].text;
    std::string out;
    for (size_t i = 2; i < ahead_.size() && ahead_[i].kind == Kind::kSymbol && !ahead_[i].symbol(')'); ++i) out += ahead_[i].text;
    return out;
  }

  void string(const SqlToken& token) {
    const std::string& text = token.text;
    if (text == rewrite_.from_ && (in_path_ || after_schemaname_)) {
      out_.replace(token, in_path_ ? quote_identifier(rewrite_.to_) : PostgresConnection::quote_literal(rewrite_.to_));
    } else if (names_something(text) && means_object()) {
      out_.replace(token, PostgresConnection::quote_literal(quote_identifier(rewrite_.to_) + text.substr(SqlTokens(text).peek().end)));
    } else {
      look_into(text);
    }
    if (text == "schemaname") after_schemaname_ = true;
    else if (after_schemaname_) after_schemaname_ = false;
  }
  // 'app.t_id_seq', and nothing else.
  bool names_something(const std::string& text) const {
    const std::optional<QualifiedName> name = parse_qualified(text);
    return name && name->schema == rewrite_.from_ && !rewrite_.kept_.contains(name->name);
  }
  bool means_object() const {
    if (ahead_[1].symbol(':') && ahead_[2].symbol(':') && ahead_[3].kind == Kind::kWord &&
        (ahead_[3].text.starts_with("reg") || (before_[0].symbol('(') && before_[1].symbol('('))))
      return true;
    return before_[0].symbol('(') && (before_[1].is("nextval") || before_[1].is("setval") || before_[1].is("currval"));
  }

  // SQL in a string: it is left as it is, but said.
  void look_into(std::string_view text) {
    SqlTokens tokens(text);
    while (tokens.peek().kind != Kind::kEnd && !doubtful_) {
      const SqlToken token = tokens.take();
      doubtful_ = token.named() && token.text == rewrite_.from_ && tokens.peek().symbol('.');
    }
  }

  const SchemaRewrite& rewrite_;
  SqlTokens tokens_;
  Replaced out_;
  std::array<SqlToken, 2> before_;   // the last one first
  std::array<SqlToken, 6> ahead_;    // ahead_[0]: the one looked at
  bool behind_schema_ = false, in_path_ = false, after_schemaname_ = false, doubtful_ = false;
};

std::string SchemaRewrite::apply(std::string_view statement, bool backslashes) {
  Pass pass(*this, statement, backslashes);
  std::string out = pass.run();
  if (pass.doubtful() && doubtful_.size() < kMostDoubtful)
    doubtful_.insert(printable(statement.substr(0, std::min(statement.find_first_of("(\n"), kShownNameBytes))));
  return out;
}

std::string without_locale_provider(std::string_view statement) {
  SqlTokens tokens(statement);
  Replaced out(statement);
  while (tokens.peek().kind != Kind::kEnd) {
    const SqlToken option = tokens.take();
    if (!option.is("locale_provider") || !tokens.peek().symbol('=')) continue;
    const SqlToken equals = tokens.take();
    if (!tokens.peek().is("libc")) continue;
    for (const SqlToken& token : {option, equals, tokens.take()}) out.replace(token, "");
  }
  return out.take();
}

std::string for_other_database(std::string_view statement, const std::string& from, const std::string& to) {
  SqlTokens tokens(statement);
  Replaced out(statement);
  SqlToken before;
  bool datname = false;   // UPDATE pg_database … WHERE datname = '…'
  while (tokens.peek().kind != Kind::kEnd) {
    SqlToken token = tokens.take();
    if (before.is("database") && token.named() && token.text == from) out.replace(token, quote_identifier(to));
    else if (datname && token.kind == Kind::kString && token.text == from) out.replace(token, PostgresConnection::quote_literal(to));
    datname = token.is("datname") || (datname && token.symbol('='));
    before = std::move(token);
  }
  return out.take();
}

}  // namespace cairn
