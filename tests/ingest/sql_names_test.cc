#include "ingest/postgres/sql_names.h"

#include <gtest/gtest.h>

#include <vector>

namespace cairn {
namespace {

// "w:word n:name s:string ;"
std::string tokens_of(std::string_view sql, bool standard_strings = true) {
  std::string out;
  for (SqlTokens tokens(sql, standard_strings); tokens.peek().kind != SqlToken::Kind::kEnd;) {
    EXPECT_LT(tokens.peek().begin, tokens.peek().end);
    const SqlToken token = tokens.take();
    const char* kinds[] = {"?", "w:", "n:", "s:", ""};
    out += (out.empty() ? "" : " ") + std::string(kinds[static_cast<int>(token.kind)]) + token.text;
  }
  return out;
}

TEST(SqlTokens, AreReadAsServersDo) {
  EXPECT_EQ(tokens_of(""), "");
  EXPECT_EQ(tokens_of("Select a.B+1.5 ;"), "w:select w:a . w:b + w:1 . w:5 ;");
  EXPECT_EQ(tokens_of("\"We\"\"ird;\nName\"x"), "n:We\"ird;\nName w:x");
  EXPECT_EQ(tokens_of("'it''s' E'a\\'b\\\\' 'c\\' U&'x'"), "s:it's s:a'b\\ s:c\\ w:u & s:x");
  EXPECT_EQ(tokens_of("'a\\'b'", false), "s:a'b");
  EXPECT_EQ(tokens_of("$$a'b$$ $t$ $$ $t$ $1 a$b$c"), "s:a'b s: $$  w:$1 w:a$b$c");
  EXPECT_EQ(tokens_of("a -- b\nc /* d /* e */ f */ g - /"), "w:a w:c w:g - /");
  EXPECT_EQ(tokens_of("'open"), "s:open");
  EXPECT_EQ(tokens_of("\"open"), "n:open");
  EXPECT_EQ(tokens_of("$t$open"), "s:open");
  EXPECT_EQ(tokens_of("a /* open"), "w:a");
}

TEST(SqlTokens, QualifiedNames) {
  const auto parse = [](std::string_view sql) {
    SqlTokens tokens(sql);
    std::string rest;
    const std::optional<QualifiedName> name = tokens.qualified(&rest);
    return name ? name->schema + "|" + name->name + "|" + rest + "|" + tokens.peek().text : "none";
  };
  EXPECT_EQ(parse("public.T (x)"), "public|t||(");
  EXPECT_EQ(parse("t"), "|t||");
  EXPECT_EQ(parse("\"A.b\" . \"C\".d = 1"), "A.b|C|d|=");
  EXPECT_EQ(parse("a."), "|a||");
  EXPECT_EQ(parse("(a)"), "none");
  EXPECT_EQ(parse_qualified("public.\"S\""), (QualifiedName{"public", "S"}));
  EXPECT_EQ(parse_qualified("public.s x"), std::nullopt);
  EXPECT_EQ(parse_qualified(""), std::nullopt);
}

TEST(SqlTokens, SkipsParentheses) {
  SqlTokens tokens("update of (a on b) or insert ON t");
  EXPECT_TRUE(tokens.skip_behind("on"));
  EXPECT_TRUE(tokens.accept("t"));
  EXPECT_FALSE(tokens.skip_behind("on"));
}

TEST(SqlNames, DatabasesToConnectTo) {
  const auto target = [](std::string_view line) { return connect_target(line).value_or("(none)"); };
  EXPECT_EQ(target("\\connect authentik"), "authentik");
  EXPECT_EQ(target("\\connect \"Mixed Case\""), "Mixed Case");
  EXPECT_EQ(target("\\connect -reuse-previous=on \"dbname='We\"\"ird db'\""), "We\"ird db");
  EXPECT_EQ(target("\\connect -reuse-previous=on \"dbname='it\\'s \\\\'\""), "it's \\");
  EXPECT_EQ(target("\\connect \"host=x dbname = y user=z\""), "y");
  EXPECT_EQ(target("\\connect \"host=x\""), "(none)");
  EXPECT_EQ(target("\\connect"), "(none)");
  EXPECT_EQ(target("\\connect - joe"), "(none)");
  EXPECT_EQ(target("\\connect \"open"), "open");
  EXPECT_EQ(target("\\connect \"dbname='open\\\""), "open\\");
}

}  // namespace
}  // namespace cairn
