#include "ingest/postgres/server/tolerate.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

ServerMessage refusal_of(const std::string& sqlstate, const std::string& text = "") { return {"ERROR", sqlstate, text, "", "", ""}; }
Harm harm(std::string_view sql, const std::string& sqlstate) { return harm_of(effect_of(sql), refusal_of(sqlstate), "postgres"); }

TEST(Tolerate, TheTwoHarmlessErrorsOfTheDocumentedDump) {
  EXPECT_EQ(harm("DROP ROLE postgres;", "55006"), Harm::kNone);
  EXPECT_EQ(harm("CREATE ROLE postgres;", "42710"), Harm::kNone);
}

TEST(Tolerate, RolesAndTablespacesThatWereThereAreKept) {
  EXPECT_EQ(harm("CREATE ROLE other;", "42710"), Harm::kKept);
  EXPECT_EQ(harm("CREATE TABLESPACE fast LOCATION '/x';", "42710"), Harm::kKept);
  EXPECT_EQ(harm("DROP ROLE other;", "2BP01"), Harm::kKept);
}

TEST(Tolerate, NothingElse) {
  EXPECT_EQ(harm("DROP ROLE postgres;", "42501"), Harm::kFatal);
  EXPECT_EQ(harm("CREATE ROLE postgres;", "42501"), Harm::kFatal);
  EXPECT_EQ(harm("ALTER ROLE postgres WITH LOGIN;", "42710"), Harm::kFatal);
  EXPECT_EQ(harm("CREATE TABLE postgres ();", "42710"), Harm::kFatal);
  EXPECT_EQ(harm("CREATE TABLESPACE fast LOCATION '/x';", "58P01"), Harm::kFatal);
  EXPECT_EQ(harm("GRANT a TO b;", "42704"), Harm::kFatal);
}

TEST(Tolerate, WhatRefusalsMean) {
  EXPECT_TRUE(is_duplicate(refusal_of("42P07")));
  EXPECT_FALSE(is_duplicate(refusal_of("23505")));
  EXPECT_TRUE(is_there_already(refusal_of("23505")));
  EXPECT_TRUE(is_lack_of_rights(refusal_of("42501")));
  EXPECT_TRUE(is_missing_extension(refusal_of("0A000", "extension \"postgis\" is not available")));
  EXPECT_FALSE(is_missing_extension(refusal_of("0A000", "cross-database references are not implemented")));
}

}  // namespace
}  // namespace cairn
