#include "ingest/postgres/archive/quote.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Quote, NamesThatNeedIt) {
  for (const char* name : {"a", "_", "users", "t1", "abort", "name", "json_table"}) EXPECT_EQ(quote_name(name, false), name);
  for (const char* name : {"", "A", "1a", "a b", "a-b", "a$b", "é", "user", "all", "xmltable", "a\nb"}) {
    EXPECT_EQ(quote_name(name, false), "\"" + std::string(name) + "\"");
  }
  EXPECT_EQ(quote_name("a\"b", false), "\"a\"\"b\"");
  EXPECT_EQ(quote_name("json_table", true), "\"json_table\"");
}

TEST(Quote, ConnectCommands) {
  EXPECT_EQ(connect_command("shop", false), "\\connect shop\n");
  EXPECT_EQ(connect_command("Shop.2", false), "\\connect \"Shop.2\"\n");
  EXPECT_EQ(connect_command("We\"ird db", false), "\\encoding SQL_ASCII\n\\connect -reuse-previous=on \"dbname='We\"\"ird db'\"\n");
  EXPECT_EQ(connect_command("'\\", false), "\\encoding SQL_ASCII\n\\connect -reuse-previous=on \"dbname='\\'\\\\'\"\n");
}

TEST(Quote, LinesOfComments) {
  EXPECT_EQ(one_line("a\nb\r\nc", "-"), "a b  c");
  EXPECT_EQ(one_line("", "-"), "");
  EXPECT_EQ(one_line(std::nullopt, "-"), "-");
}

}  // namespace
}  // namespace cairn
