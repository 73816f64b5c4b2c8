#include "ingest/postgres/server/script_reader.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "store/error.h"

namespace cairn {
namespace {

class Quiet : public Monitor {
 public:
  void error(const std::string&, const std::string&) override {}
  void warning(const std::string&) override {}
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override {
    if (interrupted_) throw Error(ErrorCode::kInterrupted, "asked to stop");
  }
  bool interrupted_ = false;
};

// Writes down what it is told, one thing a line.
class Heard : public ScriptTarget {
 public:
  void statement(const SqlStatement& statement) override {
    lines_.push_back(std::to_string(statement.begin) + (statement.copies_in ? " copies " : " ") + std::string(statement.text));
    if (statement.copies_in) lines_.emplace_back();
  }
  void rows(ByteView block) override { lines_.back() += text(block); }
  void rows_end() override { lines_.emplace_back("."); }
  std::vector<std::string> lines_;
};

std::vector<std::string> read(const std::string& script, size_t piece = SIZE_MAX) {
  Heard heard;
  Quiet quiet;
  ScriptReader reader("db/shop.sql", heard, quiet);
  for (size_t at = 0; at < script.size(); at += std::min(piece, script.size())) reader.feed(view(script).subspan(at, std::min(piece, script.size() - at)));
  reader.finish();
  return heard.lines_;
}

std::string failure(const std::string& script, ErrorCode code) {
  try {
    read(script);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

using Lines = std::vector<std::string>;

TEST(ScriptReader, StatementsAndRowsHoweverTheyAreCut) {
  const std::string script =
      "-- head\n\\restrict abc\nSET x = 'a;b';\nCOPY t (a) FROM stdin;\n1\n\\N\n\\.\n\nSELECT $a$ \\! ; $a$;\n\\unrestrict abc\n";
  const Lines expected = {"22 SET x = 'a;b';", "37 copies COPY t (a) FROM stdin;", "1\n\\N\n", ".", "69 SELECT $a$ \\! ; $a$;"};
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, SIZE_MAX}) EXPECT_EQ(read(script, piece), expected) << piece;
}

TEST(ScriptReader, EncodingBecomesAStatement) {
  EXPECT_EQ(read("\\encoding SQL_ASCII\n"), Lines{"0 SET client_encoding = 'sql_ascii';"});
  EXPECT_EQ(read("\\encoding 'UTF8'\n"), Lines{"0 SET client_encoding = 'UTF8';"});
  EXPECT_NE(failure("\\encoding UTF8 \\! ls\n", ErrorCode::kInvalidArgument).find("byte 0"), std::string::npos);
  EXPECT_NE(failure("\\encoding `ls`\n", ErrorCode::kInvalidArgument).find("is no encoding"), std::string::npos);
}

TEST(ScriptReader, EveryOtherBackslashCommandIsRefused) {
  for (const std::string& command : Lines{"\\!", "\\! ls", "\\connect db", "\\c db", "\\i file", "\\ir file", "\\o file", "\\w file", "\\g |sh", "\\gexec",
                                          "\\copy t FROM PROGRAM 'ls'", "\\set a `ls`", "\\restrictx", "\\RESTRICT x", "\\", "\\.", "\\unrestrict; \\! ls"}) {
    const std::string why = failure("SELECT 1;\n" + command + "\nSELECT 2;\n", ErrorCode::kInvalidArgument);
    EXPECT_NE(why.find("db/shop.sql: byte 10: the backslash command "), std::string::npos) << command << ": " << why;
  }
  // Inside of a statement it is none of ours to guess what was meant.
  failure("SELECT 1 \\! ls\n;\n", ErrorCode::kCorrupt);
}

TEST(ScriptReader, WhatBreaksOffIsToldSo) {
  EXPECT_NE(failure("SELECT 1;\nSELECT 'a", ErrorCode::kCorrupt).find("byte 10: breaks off in "), std::string::npos);
  EXPECT_NE(failure("COPY t FROM stdin;\n1\n2\n", ErrorCode::kCorrupt).find("breaks off in the rows"), std::string::npos);
}

TEST(ScriptReader, StopsWhenAsked) {
  Heard heard;
  Quiet quiet;
  ScriptReader reader("x", heard, quiet);
  reader.feed(view("SELECT 1;\n"));
  quiet.interrupted_ = true;
  EXPECT_THROW(reader.feed(view("SELECT 2;\n")), Error);
  EXPECT_EQ(heard.lines_.size(), 1u);
}

}  // namespace
}  // namespace cairn
