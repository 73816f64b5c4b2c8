#include "ingest/postgres/server/statement.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

// "verb object schema.name"
std::string told(std::string_view sql) {
  static const char* const kVerbs[] = {"other", "transaction", "set", "create", "drop", "copy", "insert", "setval", "settings", "large", "rights", "role", "comment"};
  const StatementEffect effect = effect_of(sql);
  std::string out = kVerbs[static_cast<size_t>(effect.verb)];
  if (!effect.object.empty()) out += " " + effect.object;
  if (!effect.subject.name.empty()) out += " " + effect.subject.schema + (effect.subject.schema.empty() ? "" : ".") + effect.subject.name;
  for (const std::string& role : effect.roles) out += " @" + role;
  return out;
}

TEST(Statement, WhatDumpsHold) {
  EXPECT_EQ(told("BEGIN;"), "transaction");
  EXPECT_EQ(told("COMMIT;"), "transaction");
  EXPECT_EQ(told("START TRANSACTION;"), "transaction");
  EXPECT_EQ(told("SET default_tablespace = '';"), "set default_tablespace");
  EXPECT_EQ(told("SET SESSION AUTHORIZATION x;"), "set authorization");
  EXPECT_EQ(told("CREATE TABLE app.\"A\"\"b\" (a int);"), "create TABLE app.A\"b");
  EXPECT_EQ(told("CREATE UNLOGGED TABLE T (a int);"), "create TABLE t");
  EXPECT_EQ(told("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a);"), "create INDEX i");
  EXPECT_EQ(told("CREATE OR REPLACE VIEW app.v AS SELECT 1;"), "create VIEW app.v");
  EXPECT_EQ(told("CREATE MATERIALIZED VIEW m AS SELECT 1;"), "create MATERIALIZED VIEW m");
  EXPECT_EQ(told("CREATE TEXT SEARCH CONFIGURATION app.c (PARSER = p);"), "create TEXT SEARCH CONFIGURATION app.c");
  EXPECT_EQ(told("CREATE FOREIGN DATA WRAPPER w;"), "create FOREIGN DATA WRAPPER w");
  EXPECT_EQ(told("CREATE FOREIGN TABLE f (a int) SERVER s;"), "create FOREIGN TABLE f");
  EXPECT_EQ(told("CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();"), "create EVENT TRIGGER e");
  EXPECT_EQ(told("CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;"), "create EXTENSION citext");
  EXPECT_EQ(told("CREATE OPERATOR FAMILY app.f USING btree;"), "create OPERATOR FAMILY app.f");
  EXPECT_EQ(told("CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f();"), "create TRIGGER t");
  EXPECT_EQ(told("CREATE ROLE \"Odd; role\";"), "create ROLE Odd; role");
  EXPECT_EQ(told("DROP TABLE IF EXISTS app.t;"), "drop TABLE app.t");
  EXPECT_EQ(told("DROP ROLE IF EXISTS r;"), "drop ROLE r");
  EXPECT_EQ(told("ALTER TABLE IF EXISTS ONLY app.t DROP CONSTRAINT IF EXISTS c;"), "drop TABLE CONSTRAINT app.t");
  EXPECT_EQ(told("ALTER TABLE app.t ALTER COLUMN id DROP DEFAULT;"), "drop TABLE app.t");
  EXPECT_EQ(told("ALTER TABLE ONLY app.t ADD CONSTRAINT drop PRIMARY KEY (id);"), "other TABLE app.t");
  EXPECT_EQ(told("COPY app.t (a, b) FROM stdin;"), "copy app.t");
  EXPECT_EQ(told("INSERT INTO app.t VALUES (1);"), "insert app.t");
  EXPECT_EQ(told("SELECT pg_catalog.setval('app.s', 3, true);"), "setval pg_catalog.setval");
  EXPECT_EQ(told("SELECT pg_catalog.set_config('search_path', '', false);"), "settings pg_catalog.set_config");
  EXPECT_EQ(told("SELECT pg_catalog.lowrite(0, '\\x41');"), "large pg_catalog.lowrite");
  EXPECT_EQ(told("SELECT app.setval(1);"), "other");
  EXPECT_EQ(told("ALTER ROLE r WITH NOSUPERUSER PASSWORD 'x';"), "role ROLE r");
  EXPECT_EQ(told("COMMENT ON EXTENSION citext IS 'x';"), "comment EXTENSION citext");
}

TEST(Statement, WhoGetsRights) {
  EXPECT_EQ(told("ALTER TABLE app.t OWNER TO \"Odd \"\" role\";"), "rights TABLE app.t @Odd \" role");
  EXPECT_EQ(told("ALTER FUNCTION app.f(a integer) OWNER TO r;"), "rights FUNCTION app.f @r");
  EXPECT_EQ(told("GRANT SELECT ON TABLE app.t TO a, PUBLIC, \"public\" WITH GRANT OPTION;"), "rights @a @public");
  EXPECT_EQ(told("REVOKE ALL ON SCHEMA app FROM r;"), "rights @r");
  EXPECT_EQ(told("GRANT a TO b GRANTED BY c;"), "rights @b @c");
  EXPECT_EQ(told("ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA app GRANT SELECT ON TABLES TO b;"), "rights @a @b");
}

TEST(Statement, ReplaceGoesBehindCreate) {
  const std::string sql = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';";
  EXPECT_EQ(effect_of(sql).replace_at, 7u);
  EXPECT_EQ(effect_of("CREATE OR REPLACE FUNCTION f() RETURNS int").replace_at, 0u);
}

TEST(Statement, AnythingElseIsLeftAlone) {
  for (const char* sql : {"", ";", "CREATE", "DROP", "ALTER", "ALTER TABLE", "GRANT TO", "SELECT", "COMMENT", "'x", "CREATE TEXT SEARCH", "\xff\xfe"}) effect_of(sql);
}

}  // namespace
}  // namespace cairn
