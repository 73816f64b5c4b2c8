#include "ingest/postgres/sql_lexer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace cairn {
namespace {

// Writes down what it is told, one line each: "S text", "R rows", "E", "C command", "- comment".  Offsets are checked against the
// text itself.
class Recorder : public SqlHandler {
 public:
  explicit Recorder(std::string_view script, size_t cap) : script_(script), cap_(cap) {}
  void on_statement(const SqlStatement& statement) override {
    EXPECT_EQ(statement.text, at(statement.begin, statement.end).substr(0, cap_));
    EXPECT_EQ(statement.whole(), statement.end - statement.begin <= cap_);
    events.push_back("S " + std::string(at(statement.begin, statement.end)) + (statement.copies_in ? " <rows>" : "") +
                     (statement.tuples > 0 ? " <" + std::to_string(statement.tuples) + ">" : ""));
  }
  void on_rows(uint64_t begin, ByteView rows, uint64_t lines) override {
    EXPECT_EQ(text(rows), at(begin, begin + rows.size()));
    EXPECT_FALSE(rows.empty());
    rows_ += text(rows);
    lines_ += lines;
  }
  void on_rows_end(uint64_t begin, uint64_t end, uint64_t behind) override {
    EXPECT_EQ(rows_, at(begin, end));
    EXPECT_EQ(at(end, behind), "\\.\n");
    EXPECT_EQ(lines_, static_cast<uint64_t>(std::count(rows_.begin(), rows_.end(), '\n')));
    events.push_back("R " + std::exchange(rows_, ""));
    lines_ = 0;
  }
  void on_command(uint64_t begin, uint64_t end, std::string_view line) override { take_line("C ", begin, end, line); }
  void on_comment(uint64_t begin, uint64_t end, std::string_view line) override { take_line("- ", begin, end, line); }

  std::vector<std::string> events;

 private:
  std::string_view at(uint64_t begin, uint64_t end) const { return script_.substr(begin - kOffset, end - begin); }
  void take_line(const char* what, uint64_t begin, uint64_t end, std::string_view line) {
    std::string_view all = at(begin, end);
    if (all.ends_with('\n')) all.remove_suffix(1);
    EXPECT_EQ(line, all.substr(0, what[0] == 'C' ? 65536 : 4096));
    events.push_back(what + std::string(line));
  }
  std::string_view script_;
  size_t cap_;
  std::string rows_;
  uint64_t lines_ = 0;

 public:
  static constexpr uint64_t kOffset = 1000;
};

struct Lexed {
  std::vector<std::string> events;
  std::string unfinished, failure;
  uint64_t unfinished_begin = 0;
  bool operator==(const Lexed&) const = default;
};

template <class PieceSize>
Lexed lex_in(std::string_view script, size_t cap, PieceSize piece_size) {
  Recorder recorder(script, cap);
  SqlLexer lexer(recorder, cap, Recorder::kOffset);
  uint64_t unsettled = 0;
  for (std::string_view rest = script; !rest.empty();) {
    const std::string piece(rest.substr(0, piece_size()));  // its own memory: reading beyond it is an error
    lexer.feed(view(piece));
    rest.remove_prefix(piece.size());
    if (lexer.failed()) continue;
    EXPECT_EQ(lexer.position(), Recorder::kOffset + script.size() - rest.size());
    EXPECT_GE(lexer.unsettled(), unsettled);
    EXPECT_LE(lexer.unsettled(), lexer.position());
    EXPECT_GE(lexer.unsettled() + 65536, lexer.position());
    unsettled = lexer.unsettled();
  }
  Lexed out;
  if (std::optional<SqlLexer::Unfinished> unfinished = lexer.finish()) {
    out.unfinished = unfinished->what;
    out.unfinished_begin = unfinished->begin - Recorder::kOffset;
  }
  out.events = recorder.events;
  out.failure = lexer.why_failed();
  return out;
}

// The same, however it is fed.
Lexed lex(const std::string& script, size_t cap = 65536) {
  const Lexed whole = lex_in(script, cap, [&] { return script.size(); });
  for (size_t size : {1, 2, 7, 64, 4096}) {
    if (script.size() / size > 200'000) continue;
    EXPECT_EQ(lex_in(script, cap, [&] { return size; }), whole) << size << " bytes at a time:\n" << script.substr(0, 2000);
  }
  std::minstd_rand random(7);
  EXPECT_EQ(lex_in(script, cap, [&] { return 1 + random() % 100; }), whole) << script.substr(0, 2000);
  return whole;
}

using Events = std::vector<std::string>;

// Each must come out as one statement, with another one behind it.
TEST(SqlLexer, StatementsEndWhereTheyEnd) {
  for (const char* one : {
           "SELECT 1;",
           "SELECT 'a;b';",
           "SELECT 'it''s; so';",
           "SELECT 'ends with a backslash\\';",
           "SELECT E'a\\';b';",
           "SELECT e'a''\\';b';",
           "SELECT E'a\\\\';",
           "SELECT E'a'\n  '\\';';",                     // goes on behind a line end, with backslashes
           "SELECT U&'d\\0061t\\+000061;';",
           "SELECT U&\"d\\0061;\";",
           "SELECT u&'\\';",
           "SELECT 1 U & 'a\\';",
           "SELECT name'a\\';",                           // only the word e begins such a string
           "SELECT \"a;\"\"b;\";",
           "SELECT \"a\nb;\nc\";",
           "SELECT $$a;'$b$\"$$;",
           "SELECT $tag$a; $$ $ta$ $tag;$tag$;",
           "SELECT $a$$a$;",
           "SELECT $a$$$a$;",
           "SELECT $a$;$b$a$;",
           "SELECT $_$ BEGIN; $1; $_$;",
           "SELECT $1, a$b$, '$x$';",
           "SELECT a -- comment; 'unclosed\n;",
           "SELECT a /* ; /* nested ; ' */ $$ ; */ + 1;",
           "SELECT a /* **/ /*/ ; */ ;",
           "SELECT 4 - -3 / 2 * 5;",
           "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2;);",
           "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;",
           "create or replace PROCEDURE f() BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END;",
           "CREATE FUNCTION f() RETURNS int AS 'BEGIN;';",
           "CREATE FUNCTION f(x int DEFAULT CASE WHEN true THEN 1 END) RETURNS int LANGUAGE sql RETURN 1;",
           "CREATE TABLE begin (\"end\" int);",
           "BEGIN;",
           "COMMIT;",
           "END;",
           "CREATE VIEW v AS SELECT CASE WHEN a THEN b END;",
           "INSERT INTO \"copy\" SELECT 1;",
           "COPY t FROM '/file';",
           "COPY t TO stdout;",
           "COPY (SELECT 'from stdin') TO stdout;",
           "-1;",
           "/1;",
           "- 1;",
           "(SELECT 1; );",
           "SELECT 'multi\n--\n-- Name: z; Type: TABLE; Schema: q; Owner: -\n--\n\\.\n\\connect x\n';",
       }) {
    const std::string script = std::string("\n ") + one + "\n\n\tSELECT 'behind';\n";
    const Lexed lexed = lex(script);
    EXPECT_EQ(lexed.events, (Events{std::string("S ") + one, "S SELECT 'behind';"}));
    EXPECT_EQ(lexed.unfinished, "");
    EXPECT_EQ(lexed.failure, "");
  }
}

TEST(SqlLexer, ObeysStandardConformingStrings) {
  const std::string off = "SET standard_conforming_strings = off;";
  EXPECT_EQ(lex(off + "SELECT 'a\\';b', U&'\\', E'\\'';").events, (Events{"S " + off, "S SELECT 'a\\';b', U&'\\', E'\\'';"}));
  EXPECT_EQ(lex(off + "set session Standard_Conforming_Strings to 'ON';SELECT '\\';SELECT 2;").events.size(), 4u);
  EXPECT_EQ(lex(off + "\n\\connect x\nSELECT '\\';SELECT 2;").events.size(), 4u);
  EXPECT_EQ(lex("SET standard_conforming_strings_ = off;SELECT '\\';SELECT 2;").events.size(), 3u);
}

TEST(SqlLexer, CopyRows) {
  const std::string rows = "1\t--\\n\\\\.\\n\n\\N\t'\";$$\n\\.x\n\\\n.\\.\n\\\\.\n";
  for (const char* copy : {"COPY public.t (a, b) FROM stdin;", "copy \"a\nb\".\"c;\" (\"x)y\") From STDIN;", "COPY t FROM stdin WITH (FORMAT text);",
                           "COPY t (a) FROM stdin WITH (FORMAT csv, DELIMITER ';');"}) {
    const std::string script = std::string(copy) + "\n" + rows + "\\.\n\n-- next\n" + copy + "  \n\\.\nSELECT 1;";
    const std::string statement = std::string("S ") + copy + " <rows>";
    EXPECT_EQ(lex(script).events, (Events{statement, "R " + rows, "- -- next", statement, "R ", "S SELECT 1;"}));
  }
}

// The end must be found wherever it stands in the vectors.
TEST(SqlLexer, FindsTheEndOfRowsAnywhere) {
  for (size_t length = 0; length < 300; ++length) {
    const std::string rows = "a\n\\.b\n" + std::string(length, 'x') + "\n";
    const std::string script = "COPY t FROM stdin;\n" + rows + "\\.\nSELECT 1;\n" + std::string(200, ' ');
    Recorder recorder(script, 100);
    SqlLexer lexer(recorder, 100, Recorder::kOffset);
    lexer.feed(view(script));
    EXPECT_EQ(recorder.events, (Events{"S COPY t FROM stdin; <rows>", "R " + rows, "S SELECT 1;"})) << length;
  }
}

TEST(SqlLexer, CountsLinesOfLongRows) {
  std::string rows;
  std::minstd_rand random(3);
  for (int i = 0; i < 20'000; ++i) rows += std::string(1 + random() % 60, 'y') + (random() % 9 == 0 ? "\\." : "") + "\n";
  EXPECT_EQ(lex("COPY t FROM stdin;\n" + rows + "\\.\n").events, (Events{"S COPY t FROM stdin; <rows>", "R " + rows}));
  const std::string breaks(100'000, '\n');
  EXPECT_EQ(lex("COPY t FROM stdin;\n" + breaks + "\\.\n").events, (Events{"S COPY t FROM stdin; <rows>", "R " + breaks}));
}

TEST(SqlLexer, CountsTuples) {
  for (const auto& [sql, count] : std::vector<std::pair<std::string, int>>{
           {"INSERT INTO t VALUES (1, 'a)(');", 1},
           {"INSERT INTO t (a, b) VALUES (1, f((2)));", 1},
           {"INSERT INTO \"values\" (\"values\") OVERRIDING SYSTEM VALUE VALUES\n\t(1),\n\t(2),\n\t(3)\nON CONFLICT DO NOTHING;", 3},
           {"INSERT INTO t DEFAULT VALUES;", 1},
           {"INSERT INTO t (a) SELECT (1);", 0},
           {"SELECT (1), (2);", 0},
       }) {
    EXPECT_EQ(lex(sql).events, (Events{"S " + sql + (count > 0 ? " <" + std::to_string(count) + ">" : "")}));
  }
}

TEST(SqlLexer, CommandsAndComments) {
  EXPECT_EQ(lex("--\n-- Name: a; 'x\n\\restrict abc\n  \\connect -reuse-previous=on \"dbname='a b'\"\n;;/* between\n; */SELECT 1; -- behind\n"
                "-- no line end")
                .events,
            (Events{"- --", "- -- Name: a; 'x", "C \\restrict abc", "C \\connect -reuse-previous=on \"dbname='a b'\"", "S SELECT 1;",
                    "- -- behind", "- -- no line end"}));
  const std::string long_comment = "-- " + std::string(10'000, 'x'), long_command = "\\x " + std::string(100'000, 'x');
  EXPECT_EQ(lex(long_comment + "\n" + long_command + "\n").events,
            (Events{"- " + long_comment.substr(0, 4096), "C " + long_command.substr(0, 65536)}));
}

TEST(SqlLexer, CapsTheText) {
  const std::string script = "SELECT '" + std::string(5000, 'x') + "';SELECT 2;";
  for (size_t cap : {0, 1, 8, 100, 4096, 5010, 5011, 9999}) EXPECT_EQ(lex(script, cap).events.size(), 2u);
}

TEST(SqlLexer, SaysWhatItBrokeOffIn) {
  for (const auto& [tail, what] : std::vector<std::pair<std::string, std::string>>{
           {"SELECT 1", "a statement"},          {"SELECT 'a", "a string"},
           {"SELECT E'a\\", "a string"},         {"SELECT \"a;", "a quoted name"},
           {"SELECT $a$;$a", "a dollar-quoted string"}, {"SELECT $a", "a statement"},
           {"SELECT /* ;", "a comment"},         {"/* ;", "a comment"},
           {"-", "a statement"},                 {"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;", "a statement"},
           {"SELECT (1;", "a statement"},
       }) {
    const Lexed lexed = lex("SELECT 1;\n" + tail);
    EXPECT_EQ(lexed.unfinished, what) << tail;
    EXPECT_EQ(lexed.unfinished_begin, 10u) << tail;
  }
  for (const char* rows : {"", "1\n", "1\n2", "1\n\\", "1\n\\."}) {
    const Lexed lexed = lex(std::string("COPY t FROM stdin;\n") + rows);
    EXPECT_EQ(lexed.unfinished, "the rows of a COPY");
    EXPECT_EQ(lexed.unfinished_begin, 19u);
  }
  EXPECT_EQ(lex("COPY t FROM stdin;").unfinished, "the rows of a COPY");
}

TEST(SqlLexer, RefusesWhatNoDumpHolds) {
  EXPECT_EQ(lex("SELECT 1 \\gexec\n;").failure, "a backslash command inside a statement, at byte 1009");
  EXPECT_EQ(lex(std::string("SELECT 'a\0b';", 13)).failure, "a zero byte, which SQL never holds, at byte 1009");
  EXPECT_EQ(lex("COPY t FROM stdin; SELECT 1;\n").failure, "text behind COPY … FROM stdin on its line, at byte 1019");
  EXPECT_EQ(lex("SELECT $" + std::string(5000, 'a')).failure, "a dollar quote whose name doesn't end, at byte 2032");
  EXPECT_EQ(lex("SELECT 1;").failure, "");
}

// What psql takes otherwise than a server, or one version of it otherwise than another, is where commands could hide.
TEST(SqlLexer, RefusesWherePsqlReadsOtherwise) {
  for (const char* script : {"-- Name: t; Owner: x\r\\! touch F\n", "SELECT 1 -- x\r\\! touch F\n;\n", "SELECT 1$$'$$\n\\! touch F\n';\n",
                             "SELECT 1 $e'\\' '\n\\! touch F\n';\n", "SELECT 1e'x';\n", "SET client_encoding = 'SJIS';\nSELECT '\x83' , '\n';\n",
                             "SET NAMES GBK;\n", "set client_encoding to \"Big5\";\n"})
    EXPECT_NE(lex(script).failure, "") << script;
  for (const char* script : {"-- a comment\r\nSELECT 1;\n", "SELECT a$1, $1, $tag$x$tag$, e'x', 1e5;\n", "SET client_encoding = 'UTF8';\n"})
    EXPECT_EQ(lex(script).failure, "") << script;
}

TEST(SqlLexer, RowsEndWherePsqlEndsThem) {
  EXPECT_EQ(lex("COPY t FROM stdout;\n1\n\\.\n\\! x\n").events, (std::vector<std::string>{"S COPY t FROM stdout; <rows>", "R 1\n", "C \\! x"}));
}

TEST(SqlLexer, ObeysStandardConformingStringsAsAServerDoes) {
  for (const char* off : {"'OFF'", "of", "False", "f", "n", "0"})
    EXPECT_EQ(lex(std::string("SET standard_conforming_strings = ") + off + ";\nSELECT '\\' ;\n';\n").events.back(), "S SELECT '\\' ;\n';") << off;
  EXPECT_EQ(lex("SET standard_conforming_strings = on;\nSELECT '\\' ;\n").events.back(), "S SELECT '\\' ;");
}

TEST(SqlLexer, RefusesAStatementWithoutEnd) {
  Recorder recorder("", 0);
  SqlLexer lexer(recorder, 64);
  lexer.feed(view("SELECT 1"));
  lexer.feed(view(" '"));
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 1023; ++i) lexer.feed(view(megabyte));
  EXPECT_FALSE(lexer.failed());
  for (int i = 0; i < 2; ++i) lexer.feed(view(megabyte));
  EXPECT_EQ(lexer.why_failed(), "a statement that doesn't end within a gigabyte, at byte 0");
}

}  // namespace
}  // namespace cairn
