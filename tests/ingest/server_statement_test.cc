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
  for (const char* sql : {"END;", "ROLLBACK;", "rollback to a;", "ABORT;", "SAVEPOINT a;", "RELEASE a;", "PREPARE TRANSACTION 'a';",
                          "PREPARE -- \rTRANSACTION 'a' --\nx AS SELECT 1;"})
    EXPECT_EQ(told(sql), "transaction") << sql;
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

// What pg_dump --create writes about database shop, and nothing else.
TEST(Statement, WhatConcernsADatabase) {
  for (const char* sql :
       {"CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8';", "ALTER DATABASE \"shop\" OWNER TO r;", "ALTER DATABASE shop SET a TO 'b';",
        "ALTER DATABASE shop IS_TEMPLATE = true;", "ALTER DATABASE shop CONNECTION LIMIT 5;", "COMMENT ON DATABASE shop IS 'a -- b';",
        "SECURITY LABEL FOR 'p' ON DATABASE shop IS 'x';", "SECURITY LABEL ON DATABASE shop IS 'x';", "GRANT CONNECT,TEMPORARY ON DATABASE shop TO PUBLIC;",
        "REVOKE ALL ON DATABASE shop FROM \"a b\";", "REVOKE GRANT OPTION FOR CREATE ON DATABASE shop FROM r;", "ALTER ROLE r IN DATABASE shop SET a TO 1;",
        "ALTER ROLE ALL IN DATABASE shop RESET a;", "SET client_encoding = 'UTF8';", "SET SESSION AUTHORIZATION x;", ";",
        "SELECT pg_catalog.set_config('search_path', '', false);", "UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'shop';"})
    EXPECT_TRUE(concerns_database(sql, "shop")) << sql;
  for (const char* sql :
       {"CREATE DATABASE prod;", "ALTER DATABASE prod SET a TO 1;", "ALTER DATABASE shop RENAME TO gone;", "COMMENT ON DATABASE prod IS 'x';",
        "COMMENT ON TABLE shop IS 'x';", "GRANT ALL ON DATABASE shop, prod TO r;", "GRANT ALL ON SCHEMA shop TO r;", "GRANT postgres TO r;",
        "GRANT SELECT (a) ON t TO r;", "CREATE ROLE evil SUPERUSER;", "ALTER ROLE shop SUPERUSER;", "ALTER ROLE r IN DATABASE prod SET a TO 1;",
        "ALTER ROLE r SET a TO 1;", "ALTER SYSTEM SET a TO 1;", "COPY (SELECT 1) TO PROGRAM 'x';", "SELECT 1;", "SELECT pg_catalog.lo_import('/x');",
        "SELECT pg_catalog.set_config('search_path', pg_read_file('x'), false);", "SELECT pg_catalog.set_config('search_path', '', false) FROM t;",
        "UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'shop' OR true;", "DO 'BEGIN END';", "CREATE TABLESPACE t LOCATION '/x';",
        // read in another way by the server
        "ALTER DATABASE --\r prod RENAME TO gone /*\n shop SET a = 1 /* */ */", "ALTER DATABASE shop --\r RENAME TO gone --\n SET a = 1;",
        "GRANT CREATE --\r ON DATABASE prod TO r --\n, TEMPORARY ON DATABASE shop TO r;", "-- \rDROP DATABASE prod --\n;", ""})
    EXPECT_FALSE(concerns_database(sql, "shop")) << sql;
  EXPECT_FALSE(concerns_database("ALTER DATABASE U&\"prod\" SET a = 1;", "u"));
}

TEST(Statement, WhatConcernsGlobals) {
  for (const char* sql :
       {"CREATE ROLE r;", "ALTER ROLE r WITH SUPERUSER PASSWORD 'x';", "CREATE USER r;", "ALTER USER r SET a = 1;", "CREATE GROUP g;", "DROP ROLE IF EXISTS r;",
        "COMMENT ON ROLE r IS 'x';", "SECURITY LABEL FOR p ON ROLE r IS 'x';", "GRANT a TO \"b c\" WITH ADMIN OPTION GRANTED BY d;",
        "REVOKE ADMIN OPTION FOR a FROM b;", "GRANT SET ON PARAMETER work_mem TO r;", "GRANT ALL ON TABLESPACE t TO r;", "CREATE TABLESPACE t OWNER r LOCATION '/x';",
        "ALTER TABLESPACE t SET (seq_page_cost=1);", "COMMENT ON TABLESPACE t IS 'x';", "SET standard_conforming_strings = on;",
        "ALTER ROLE r IN DATABASE shop SET a TO 1;"})
    EXPECT_TRUE(concerns_globals(sql)) << sql;
  for (const char* sql : {"CREATE USER MAPPING FOR r SERVER s;", "DROP TABLE t;", "DROP DATABASE d;", "ALTER DATABASE d RENAME TO e;", "ALTER SYSTEM SET a = 1;",
                          "GRANT ALL ON DATABASE d TO r;", "GRANT SELECT ON t TO r;", "GRANT EXECUTE ON FUNCTION f() TO r;", "COMMENT ON TABLE t IS 'x';",
                          "COPY (SELECT 1) TO PROGRAM 'x';", "CREATE TABLE t (a int);", "SELECT 1;", "DO 'BEGIN END';", "CALL p();", "LOAD 'x';",
                          "CREATE /* */ ROLE r;"})
    EXPECT_FALSE(concerns_globals(sql)) << sql;
}

TEST(Statement, CopyFromStdin) {
  for (const char* sql : {"COPY app.t (a, \"b c\") FROM stdin;", "copy t from STDIN;", "COPY t (a) WITH OIDS FROM stdin;", "COPY t () FROM stdin;",
                          "COPY t FROM stdin WITH (FORMAT csv);"})
    EXPECT_TRUE(copies_from_stdin(sql)) << sql;
  for (const char* sql : {"COPY (SELECT 1) TO PROGRAM 'x';", "COPY t TO STDOUT;", "COPY t FROM '/etc/passwd';", "COPY t FROM PROGRAM 'stdin';",
                          "COPY t --\r TO PROGRAM 'x' --\n FROM stdin;", "COPY t /* */ FROM stdin;", "COPY", "SELECT 1"})
    EXPECT_FALSE(copies_from_stdin(sql)) << sql;
}

TEST(Statement, AnythingElseIsLeftAlone) {
  for (const char* sql : {"", ";", "CREATE", "DROP", "ALTER", "ALTER TABLE", "GRANT TO", "SELECT", "COMMENT", "'x", "CREATE TEXT SEARCH", "\xff\xfe"}) effect_of(sql);
}

}  // namespace
}  // namespace cairn
