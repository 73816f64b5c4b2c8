// Statements that dumps of a server at hand don't hold; the others: dump_scanner_server_test.cc.
#include "ingest/postgres/statement_facts.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

std::string show(const std::optional<QualifiedName>& name) { return name ? name->schema + "|" + name->name : "-"; }

std::string facts(std::string_view sql) {
  const StatementFacts found = facts_of(sql, true);
  return show(found.subject) + " " + show(found.table) + (found.columns.empty() ? "" : " (" + found.columns + ")");
}

std::string mentions(std::string_view sql) {
  std::vector<QualifiedName> found;
  append_mentions(sql, true, 5, found);
  std::string out;
  for (const QualifiedName& name : found) out += (out.empty() ? "" : " ") + name.schema + "." + name.name;
  return out;
}

TEST(StatementFacts, Subjects) {
  EXPECT_EQ(facts("CREATE UNLOGGED TABLE IF NOT EXISTS \"S\".t (a int);"), "S|t -");
  EXPECT_EQ(facts("CREATE UNIQUE INDEX CONCURRENTLY \"I\" ON ONLY s.t USING btree (a);"), "s|I s|t");
  EXPECT_EQ(facts("CREATE CONSTRAINT TRIGGER g AFTER INSERT OR UPDATE OF a, b ON s.t FROM x.y EXECUTE FUNCTION s.f();"), "s|g s|t");
  EXPECT_EQ(facts("CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION s.f();"), "|e -");
  EXPECT_EQ(facts("CREATE FOREIGN DATA WRAPPER w;"), "|w -");
  EXPECT_EQ(facts("CREATE FOREIGN TABLE s.t (a int) SERVER x;"), "s|t -");
  EXPECT_EQ(facts("CREATE TEXT SEARCH CONFIGURATION s.c (PARSER = x);"), "s|c -");
  EXPECT_EQ(facts("CREATE OPERATOR CLASS s.o DEFAULT FOR TYPE int USING btree AS STORAGE int;"), "s|o -");
  EXPECT_EQ(facts("CREATE OR REPLACE TRUSTED PROCEDURAL LANGUAGE plx;"), "|plx -");
  EXPECT_EQ(facts("CREATE DEFAULT CONVERSION s.c FOR 'A' TO 'B' FROM f;"), "s|c -");
  EXPECT_EQ(facts("CREATE CAST (s.a AS s.b) WITHOUT FUNCTION;"), "- -");
  EXPECT_EQ(facts("CREATE USER MAPPING FOR x SERVER y;"), "- -");
  EXPECT_EQ(facts("CREATE OPERATOR s.<> (PROCEDURE = s.f);"), "s|<> -");
  EXPECT_EQ(facts("ALTER DEFAULT PRIVILEGES FOR ROLE x IN SCHEMA s GRANT SELECT ON TABLES TO y;"), "- -");
  EXPECT_EQ(facts("ALTER TABLE IF EXISTS ONLY s.t ADD CONSTRAINT \"C\" CHECK (a > 0) NOT VALID;"), "s|C s|t");
  EXPECT_EQ(facts("ALTER SEQUENCE q OWNED BY t.a;"), "|q |t");
  EXPECT_EQ(facts("ALTER PUBLICATION p ADD TABLES IN SCHEMA s;"), "|p -");
  EXPECT_EQ(facts("COMMENT ON CONSTRAINT c ON DOMAIN s.d IS 'x';"), "s|c s|d");
  EXPECT_EQ(facts("COMMENT ON OPERATOR s.=== (int, int) IS ' ON ';"), "s|=== -");
  EXPECT_EQ(facts("COMMENT ON LARGE OBJECT 42 IS 'x';"), "|42 -");
  EXPECT_EQ(facts("SECURITY LABEL FOR p ON TABLE s.t IS 'x';"), "s|t -");
  EXPECT_EQ(facts("REVOKE SELECT(a, \"on\") ON TABLE s.t FROM PUBLIC;"), "s|t -");
  EXPECT_EQ(facts("GRANT ALL ON FOREIGN SERVER v TO x;"), "|v -");
  EXPECT_EQ(facts("GRANT a TO b;"), "- -");
  EXPECT_EQ(facts("SELECT pg_catalog.setval('s.\"Q\"', 1, false);"), "s|Q -");
  EXPECT_EQ(facts("SELECT * FROM pg_catalog.pg_restore_attribute_stats('relation', 's.t'::regclass, 'attname', 'relname');"), "s|t s|t");
  EXPECT_EQ(facts("COPY s.t (a, \")\", b) FROM stdin;"), "s|t - (a, \")\", b)");
  EXPECT_EQ(facts("COPY s.t () FROM stdin;"), "s|t -");
  EXPECT_EQ(facts("INSERT INTO s.t (a) VALUES (1);"), "s|t - (a)");
  EXPECT_EQ(facts("REFRESH MATERIALIZED VIEW s.v;"), "s|v -");
  for (const char* cut : {"", "CREATE", "CREATE INDEX", "ALTER TABLE", "COMMENT ON", "COPY s.t (a", "GRANT SELECT ON", "SELECT f(", "CREATE OPERATOR s"}) facts(cut);
}

TEST(StatementFacts, Mentions) {
  EXPECT_EQ(mentions("CREATE VIEW a.v AS SELECT pg_catalog.now(), x.y.z FROM \"B\".c, information_schema.tables;"), "a.v x.y B.c");
  EXPECT_EQ(mentions("SELECT 'a.b', nextval('c.\"D\"'::regclass), 'x'::e.f, 'g'::regclass, 'h.i'::pg_catalog.regtype;"), "c.D e.f h.i");
  EXPECT_EQ(mentions("CREATE FUNCTION a.f() AS $$ SELECT b.c $$; -- d.e"), "a.f");
  EXPECT_EQ(mentions("CHECK (a OPERATOR(s.===) b)"), "s.===");
  EXPECT_EQ(mentions("a.a b.b c.c d.d e.e f.f"), "a.a b.b c.c d.d e.e");
}

}  // namespace
}  // namespace cairn
