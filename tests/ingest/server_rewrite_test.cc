#include "ingest/postgres/server/rewrite.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

std::string moved(std::string_view sql, bool* doubtful = nullptr) {
  SchemaRewrite rewrite("app", "New \"S", {"citext", "=="});
  std::string out = rewrite.apply(sql, false);
  if (doubtful != nullptr) *doubtful = !rewrite.doubtful().empty();
  else EXPECT_TRUE(rewrite.doubtful().empty()) << sql;
  for (size_t at = 0; (at = out.find("\"New \"\"S\"", at)) != std::string::npos;) out.replace(at, 9, "N");
  return out;
}

TEST(SchemaRewrite, NamesOfTheSchema) {
  EXPECT_EQ(moved("CREATE TABLE app.t (a app.mood, b \"app\".x[], c other.x);", nullptr), "CREATE TABLE N.t (a N.mood, b N.x[], c other.x);");
  EXPECT_EQ(moved("CREATE TABLE APP . t (a int);"), "CREATE TABLE N . t (a int);");
  EXPECT_EQ(moved("CREATE TABLE \"APP\".t (a int);"), "CREATE TABLE \"APP\".t (a int);");
  EXPECT_EQ(moved("COPY app.t (a, app) FROM stdin;"), "COPY N.t (a, app) FROM stdin;");
  EXPECT_EQ(moved("CREATE SCHEMA IF NOT EXISTS app;"), "CREATE SCHEMA IF NOT EXISTS N;");
  EXPECT_EQ(moved("ALTER SCHEMA app OWNER TO app;"), "ALTER SCHEMA N OWNER TO app;");
  EXPECT_EQ(moved("GRANT USAGE ON SCHEMA app TO app;"), "GRANT USAGE ON SCHEMA N TO app;");
  EXPECT_EQ(moved("CREATE FUNCTION app.f() RETURNS int SET search_path TO 'app', 'public' AS 'app';"),
            "CREATE FUNCTION N.f() RETURNS int SET search_path TO N, 'public' AS 'app';");
  EXPECT_EQ(moved("SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '1', 'schemaname', 'app', 'relname', 'app');"),
            "SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '1', 'schemaname', 'New \"S', 'relname', 'app');");
}

TEST(SchemaRewrite, LiteralsThatMeanThings) {
  EXPECT_EQ(moved("SELECT pg_catalog.setval('app.t_id_seq', 3, true);"), "SELECT pg_catalog.setval('N.t_id_seq', 3, true);");
  EXPECT_EQ(moved("ALTER TABLE app.t ALTER a SET DEFAULT nextval('app.s'::regclass);"), "ALTER TABLE N.t ALTER a SET DEFAULT nextval('N.s'::regclass);");
  EXPECT_EQ(moved("SELECT nextval(('app.s'::text)::regclass);"), "SELECT nextval(('N.s'::text)::regclass);");
  EXPECT_EQ(moved("SELECT 'app.s'::regclass, 'other.s'::regclass;"), "SELECT 'N.s'::regclass, 'other.s'::regclass;");
}

TEST(SchemaRewrite, WhatExtensionsOwnStays) {
  EXPECT_EQ(moved("CREATE TABLE app.t (a app.citext, b app.\"citext\");"), "CREATE TABLE N.t (a app.citext, b app.\"citext\");");
  EXPECT_EQ(moved("SELECT a OPERATOR(app.==) b, a OPERATOR(app.<>) b;"), "SELECT a OPERATOR(app.==) b, a OPERATOR(N.<>) b;");
}

TEST(SchemaRewrite, StringsStayAndAreTold) {
  bool doubtful = false;
  EXPECT_EQ(moved("CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS $_$SELECT a FROM app.t$_$;", &doubtful),
            "CREATE FUNCTION N.f() RETURNS int LANGUAGE sql AS $_$SELECT a FROM app.t$_$;");
  EXPECT_TRUE(doubtful);
  EXPECT_EQ(moved("COMMENT ON TABLE app.t IS 'see app.x';", &doubtful), "COMMENT ON TABLE N.t IS 'see app.x';");
  EXPECT_TRUE(doubtful);
  // A table of the schema's name: what its columns are can't be told.
  moved("CREATE VIEW app.v AS SELECT app.a FROM app.app;", &doubtful);
  EXPECT_TRUE(doubtful);
}

TEST(DatabaseRewrite, OnlyTheDatabase) {
  EXPECT_EQ(for_other_database("CREATE DATABASE shop WITH OWNER = shop;", "shop", "Other"), "CREATE DATABASE \"Other\" WITH OWNER = shop;");
  EXPECT_EQ(for_other_database("ALTER ROLE shop IN DATABASE shop SET a TO 'shop';", "shop", "o"), "ALTER ROLE shop IN DATABASE \"o\" SET a TO 'shop';");
  EXPECT_EQ(for_other_database("COMMENT ON DATABASE \"We\"\"ird\" IS 'x';", "We\"ird", "o"), "COMMENT ON DATABASE \"o\" IS 'x';");
  EXPECT_EQ(for_other_database("UPDATE pg_catalog.pg_database SET datistemplate = true WHERE datname = 'shop';", "shop", "o"),
            "UPDATE pg_catalog.pg_database SET datistemplate = true WHERE datname = 'o';");
}

TEST(DatabaseRewrite, OlderServers) {
  EXPECT_EQ(without_locale_provider("CREATE DATABASE a WITH ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';"),
            "CREATE DATABASE a WITH ENCODING = 'UTF8'    LOCALE = 'C';");
  const std::string other = "CREATE DATABASE locale_provider WITH LOCALE_PROVIDER = icu ICU_LOCALE = 'de';";
  EXPECT_EQ(without_locale_provider(other), other);
}

}  // namespace
}  // namespace cairn
