#include "ingest/postgres/sql_names.h"

#include <algorithm>

namespace cairn {

namespace {

bool blank_byte(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || (c & 0x80) != 0;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// A connection string's value of `dbname`: host=x dbname='a\'b'.
std::optional<std::string> conninfo_database(std::string_view info) {
  size_t at = 0;
  std::optional<std::string> found;
  while (at < info.size()) {
    while (at < info.size() && blank_byte(info[at])) ++at;
    const size_t equals = info.find('=', at);
    if (equals == info.npos) break;
    std::string_view key = info.substr(at, equals - at);
    while (!key.empty() && blank_byte(key.back())) key.remove_suffix(1);
    at = equals + 1;
    while (at < info.size() && blank_byte(info[at])) ++at;
    const bool quoted = at < info.size() && info[at] == '\'';
    if (quoted) ++at;
    std::string value;
    for (; at < info.size() && (quoted ? info[at] != '\'' : !blank_byte(info[at])); ++at) {
      if (info[at] == '\\' && at + 1 < info.size()) ++at;
      value += info[at];
    }
    if (quoted) ++at;
    if (key == "dbname") found = value;
  }
  return found;
}

// The next argument of a backslash command; double quotes are removed wherever they stand.
std::string command_argument(std::string_view line, size_t& at) {
  while (at < line.size() && blank_byte(line[at])) ++at;
  std::string argument;
  for (bool quoted = false; at < line.size() && (quoted || !blank_byte(line[at])); ++at) {
    if (line[at] != '"') {
      argument += line[at];
    } else if (quoted && at + 1 < line.size() && line[at + 1] == '"') {
      argument += line[++at];
    } else {
      quoted = !quoted;
    }
  }
  return argument;
}

}  // namespace

SqlToken SqlTokens::take() {
  SqlToken taken = std::move(token_);
  next();
  return taken;
}

bool SqlTokens::accept(std::string_view word) {
  if (!token_.is(word)) return false;
  next();
  return true;
}

bool SqlTokens::accept_symbol(char c) {
  if (!token_.symbol(c)) return false;
  next();
  return true;
}

std::optional<QualifiedName> SqlTokens::qualified(std::string* rest) {
  if (!token_.named()) return std::nullopt;
  QualifiedName name;
  name.name = take().text;
  for (int parts = 1; token_.symbol('.');) {
    next();
    if (!token_.named()) break;
    std::string part = take().text;
    if (++parts == 2) {
      name.schema = std::exchange(name.name, std::move(part));
    } else if (rest) {
      *rest = std::move(part);
    }
  }
  return name;
}

bool SqlTokens::skip_behind(std::string_view word) {
  for (size_t depth = 0; token_.kind != SqlToken::Kind::kEnd;) {
    if (depth == 0 && accept(word)) return true;
    if (token_.symbol('(')) ++depth;
    if (token_.symbol(')') && depth > 0) --depth;
    next();
  }
  return false;
}

// Blank space and comments.
void SqlTokens::blank() {
  while (at_ < sql_.size()) {
    if (blank_byte(sql_[at_])) {
      ++at_;
    } else if (sql_[at_] != '-' && sql_[at_] != '/') {
      return;
    } else if (sql_.substr(at_, 2) == "--") {
      at_ = std::min(sql_.find('\n', at_), sql_.size());
    } else if (sql_.substr(at_, 2) == "/*") {
      size_t depth = 1;
      for (at_ += 2; at_ < sql_.size() && depth > 0;) {
        const std::string_view two = sql_.substr(at_, 2);
        if (two == "/*") ++depth;
        if (two == "*/") --depth;
        at_ += two == "/*" || two == "*/" ? 2 : 1;
      }
    } else {
      return;
    }
  }
}

// at_ is behind the opening quote.
void SqlTokens::string_token(bool escapes) {
  token_.kind = SqlToken::Kind::kString;
  while (at_ < sql_.size()) {
    const size_t plain = std::min(sql_.find_first_of(escapes ? "'\\" : "'", at_), sql_.size());
    token_.text += sql_.substr(at_, plain - at_);
    at_ = plain;
    if (at_ == sql_.size()) return;
    if (escapes && sql_[at_] == '\\' && at_ + 1 < sql_.size()) {
      ++at_;
    } else if (sql_[at_] == '\'') {
      ++at_;
      if (at_ == sql_.size() || sql_[at_] != '\'') return;
    }
    token_.text += sql_[at_++];
  }
}

void SqlTokens::name_token() {
  token_.kind = SqlToken::Kind::kName;
  for (; at_ < sql_.size(); ++at_) {
    if (sql_[at_] == '"') {
      ++at_;
      if (at_ == sql_.size() || sql_[at_] != '"') return;
    }
    token_.text += sql_[at_];
  }
}

// at_ is at a '$'; false, nothing taken, when no dollar quote begins there.
bool SqlTokens::dollar_token() {
  size_t end = at_ + 1;
  while (end < sql_.size() && word_byte(sql_[end]) && sql_[end] != '$') ++end;
  const bool digit = end > at_ + 1 && sql_[at_ + 1] >= '0' && sql_[at_ + 1] <= '9';
  if (end == sql_.size() || sql_[end] != '$' || digit) return false;
  const std::string_view tag = sql_.substr(at_, end + 1 - at_);
  const size_t close = sql_.find(tag, end + 1);
  token_.kind = SqlToken::Kind::kString;
  token_.text = sql_.substr(end + 1, close == sql_.npos ? close : close - end - 1);
  at_ = close == sql_.npos ? sql_.size() : close + tag.size();
  return true;
}

void SqlTokens::next() {
  blank();
  token_.kind = SqlToken::Kind::kEnd;
  token_.text.clear();
  token_.begin = at_;
  if (at_ < sql_.size()) {
    const char c = sql_[at_];
    const char second = at_ + 1 < sql_.size() ? sql_[at_ + 1] : '\0';
    if (c == '\'') {
      ++at_;
      string_token(!standard_strings_);
    } else if (lower(c) == 'e' && second == '\'') {
      at_ += 2;
      string_token(true);
    } else if (c == '"') {
      ++at_;
      name_token();
    } else if (c == '$' && dollar_token()) {
    } else if (word_byte(c)) {
      token_.kind = SqlToken::Kind::kWord;
      while (at_ < sql_.size() && word_byte(sql_[at_])) ++at_;
      token_.text = sql_.substr(token_.begin, at_ - token_.begin);
      for (char& letter : token_.text) letter = lower(letter);
    } else {
      token_.kind = SqlToken::Kind::kSymbol;
      token_.text = c;
      ++at_;
    }
  }
  token_.end = at_;
}

std::optional<std::string> connect_target(std::string_view line) {
  size_t at = 0;
  command_argument(line, at);   // the command itself
  std::string target = command_argument(line, at);
  if (target.starts_with("-reuse-previous=")) target = command_argument(line, at);
  if (target.empty() || target == "-") return std::nullopt;
  if (target.find('=') != target.npos) return conninfo_database(target);
  return target;
}

std::optional<QualifiedName> parse_qualified(std::string_view text) {
  SqlTokens tokens(text);
  std::optional<QualifiedName> name = tokens.qualified();
  if (tokens.peek().kind != SqlToken::Kind::kEnd) return std::nullopt;
  return name;
}

}  // namespace cairn
