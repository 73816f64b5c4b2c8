#include "ingest/postgres/server/script_reader.h"

#include "ingest/postgres/connection.h"
#include "ingest/postgres/sql_names.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kShownLineBytes = 100;

std::string at_byte(const std::string& what, uint64_t offset) { return printable(what) + ": byte " + std::to_string(offset) + ": "; }

}  // namespace

class ScriptReader::Handler : public SqlHandler {
 public:
  Handler(const std::string& what, ScriptTarget& target, Monitor& monitor) : what_(what), target_(target), monitor_(monitor) {}

  void on_statement(const SqlStatement& statement) override {
    monitor_.check_interrupted();
    if (!statement.whole())
      throw Error(ErrorCode::kUnsupported, at_byte(what_, statement.begin) + "a statement of " + std::to_string(statement.end - statement.begin) +
                                               " bytes, longer than a restore holds in memory (" + std::to_string(kMostScriptStatementBytes) +
                                               "): restore it to a file and load that with psql");
    target_.statement(statement);
  }
  void on_rows(uint64_t, ByteView rows, uint64_t) override { target_.rows(rows); }
  void on_rows_end(uint64_t, uint64_t, uint64_t) override { target_.rows_end(); }
  void on_comment(uint64_t, uint64_t, std::string_view) override {}

  void on_command(uint64_t begin, uint64_t, std::string_view line) override {
    const size_t name_end = std::min(line.find_first_of(" \t\r"), line.size());
    const std::string_view name = line.substr(0, name_end);
    if (name == "\\restrict" || name == "\\unrestrict") return;
    if (name == "\\encoding") return encoding(begin, line.substr(name_end));
    throw Error(ErrorCode::kInvalidArgument, at_byte(what_, begin) + "the backslash command " + printable(line.substr(0, kShownLineBytes)) +
                                                 ": no part of a dump holds one, and none is obeyed; nothing of this part is restored");
  }

 private:
  // Letters and digits, else it would be SQL that nobody looked at.
  void encoding(uint64_t begin, std::string_view argument) {
    SqlTokens tokens(argument);
    const SqlToken name = tokens.take();
    if (!(name.named() || name.kind == SqlToken::Kind::kString) || tokens.peek().kind != SqlToken::Kind::kEnd)
      throw Error(ErrorCode::kInvalidArgument,
                  at_byte(what_, begin) + "\\encoding" + printable(argument.substr(0, kShownLineBytes)) + ": is no encoding");
    const std::string set = "SET client_encoding = " + PostgresConnection::quote_literal(name.text) + ";";
    target_.statement({.begin = begin, .end = begin + set.size(), .text = set});
  }

  const std::string& what_;
  ScriptTarget& target_;
  Monitor& monitor_;
};

ScriptReader::ScriptReader(std::string what, ScriptTarget& target, Monitor& monitor)
    : what_(std::move(what)), handler_(std::make_unique<Handler>(what_, target, monitor)), lexer_(*handler_, kMostScriptStatementBytes) {}
ScriptReader::~ScriptReader() = default;

void ScriptReader::feed(ByteView bytes) {
  lexer_.feed(bytes);
  if (lexer_.failed()) throw Error(ErrorCode::kCorrupt, printable(what_) + ": " + lexer_.why_failed());
}

void ScriptReader::finish() {
  if (const auto unfinished = lexer_.finish())
    throw Error(ErrorCode::kCorrupt, at_byte(what_, unfinished->begin) + "breaks off in " + unfinished->what);
  feed({});
}

}  // namespace cairn
