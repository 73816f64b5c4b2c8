#include "ingest/postgres/parts.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/ingest/postgres_parts_fixture.h"

namespace cairn {
namespace {

std::string table(const std::string& name, const std::string& columns = "id integer") {
  size_t dot = name.find('.');
  return entry("TABLE", name.substr(dot + 1), name.substr(0, dot), "CREATE TABLE " + name + " (\n    " + columns + "\n);");
}

std::string rows(const std::string& name, const std::string& columns, const std::string& lines) {
  size_t dot = name.find('.');
  return entry("TABLE DATA", name.substr(dot + 1), name.substr(0, dot), "COPY " + name + " (" + columns + ") FROM stdin;\n" + lines + "\\.");
}

std::string foreign_key(const std::string& from, const std::string& name, const std::string& to) {
  size_t dot = from.find('.');
  return entry("FK CONSTRAINT", from.substr(dot + 1) + " " + name, from.substr(0, dot),
               "ALTER TABLE ONLY " + from + "\n    ADD CONSTRAINT " + name + " FOREIGN KEY (id) REFERENCES " + to + "(id);");
}

TEST(PostgresParts, OfATableAreItsStatementsAndItsRows) {
  DumpParts dump = parts_of_text(dump_of(
      table("public.t", "id integer, n text") + table("public.other") +
      entry("SEQUENCE", "t_id_seq", "public", "CREATE SEQUENCE public.t_id_seq;") +
      entry("SEQUENCE OWNED BY", "t_id_seq", "public", "ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;") +
      entry("DEFAULT", "t id", "public", "ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);") +
      rows("public.other", "id", "7\n") + rows("public.t", "id, n", "1\ta\n2\tb\n") +
      entry("SEQUENCE SET", "t_id_seq", "public", "SELECT pg_catalog.setval('public.t_id_seq', 2, true);") +
      entry("CONSTRAINT", "t t_pkey", "public", "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id);") +
      entry("INDEX", "t_n", "public", "CREATE INDEX t_n ON public.t USING btree (n);") +
      entry("COMMENT", "INDEX t_n", "public", "COMMENT ON INDEX public.t_n IS 'c';") +
      entry("ACL", "TABLE t", "public", "GRANT SELECT ON TABLE public.t TO ro;")));
  EXPECT_EQ(dump.statements("db/public/t.sql"),
            "CREATE TABLE public.t (\n    id integer, n text\n);\nCREATE SEQUENCE public.t_id_seq;\n"
            "ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;\n"
            "ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);\n"
            "COPY public.t (id, n) FROM stdin;\n1\ta\n2\tb\n\\.\nSELECT pg_catalog.setval('public.t_id_seq', 2, true);\n"
            "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id);\nCREATE INDEX t_n ON public.t USING btree (n);\n"
            "COMMENT ON INDEX public.t_n IS 'c';\nGRANT SELECT ON TABLE public.t TO ro;\n");
  EXPECT_TRUE(dump.rendered("db/public/t.sql").starts_with("SET client_encoding = 'UTF8';"));
  EXPECT_EQ(dump.rendered("db/public/t.copy"), "1\ta\n2\tb\n");
  EXPECT_EQ(dump.property("db/public/t.copy", "columns"), "id, n");
  EXPECT_EQ(dump.property("db/public/t.sql", "rows"), "2");
  EXPECT_EQ(dump.property("db/public/t.sql", "owner"), "me");
  EXPECT_EQ(dump.at("db/public/t.sql").kind, "table");
  EXPECT_EQ(dump.stream.properties["tables"], "2");
  EXPECT_EQ(dump.stream.properties["rows"], "3");
  EXPECT_EQ(dump.stream.kind, ComponentKind::kPostgres);
  EXPECT_TRUE(dump.stream.ended);
}

TEST(PostgresParts, BringAlongWhatATableNeeds) {
  DumpParts dump = parts_of_text(dump_of(
      entry("SCHEMA", "lib", "", "CREATE SCHEMA lib;\n\n\nALTER SCHEMA lib OWNER TO me;") +
      entry("EXTENSION", "citext", "", "CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA lib;") +
      entry("EXTENSION", "hstore", "", "CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public;") +
      entry("TYPE", "mood", "lib", "CREATE TYPE lib.mood AS ENUM (\n    'ok'\n);") +
      entry("DOMAIN", "feeling", "lib", "CREATE DOMAIN lib.feeling AS lib.mood;") +
      entry("FUNCTION", "code()", "lib", "CREATE FUNCTION lib.code() RETURNS lib.feeling\n    LANGUAGE sql\n    AS $$SELECT 'ok'$$;") +
      entry("FUNCTION", "unused()", "lib", "CREATE FUNCTION lib.unused() RETURNS integer\n    LANGUAGE sql\n    AS $$SELECT 1$$;") +
      table("public.parent") + rows("public.parent", "id", "5\n") +
      entry("TABLE", "t", "public", "CREATE TABLE public.t (\n    f lib.feeling DEFAULT lib.code(),\n    c lib.citext\n)\nINHERITS (public.parent);") +
      rows("public.t", "f, c, id", "")));
  EXPECT_EQ(dump.preamble("db/public/t.sql"), "CREATE SCHEMA IF NOT EXISTS \"lib\";\n");
  for (const char* sql : {"EXISTS citext", "CREATE TYPE lib.mood", "CREATE DOMAIN", "FUNCTION lib.code", "CREATE TABLE public.parent"}) {
    EXPECT_TRUE(dump.holds("db/public/t.sql", sql)) << sql;
  }
  for (const char* sql : {"unused", "hstore", "COPY public.parent"}) EXPECT_FALSE(dump.holds("db/public/t.sql", sql)) << sql;
  EXPECT_EQ(dump.rendered("db/public/t.copy"), "");
  EXPECT_EQ(dump.property("db/public/t.copy", "rows"), "0");
  EXPECT_EQ(dump.preamble("db/public/parent.sql"), "");
  // A schema's part beside a table's: neither may fail because of the other.
  EXPECT_FALSE(dump.holds("db/lib.sql", "CREATE SCHEMA lib;"));
  EXPECT_TRUE(dump.holds("db/lib.sql", "ALTER SCHEMA lib OWNER"));
  EXPECT_TRUE(dump.holds("db.sql", "CREATE SCHEMA lib;"));
}

TEST(PostgresParts, TellOfTheForeignKeysTheyLack) {
  DumpParts dump = parts_of_text(dump_of(table("public.a") + table("app.b") + foreign_key("public.a", "a_fk", "app.b") +
                                         entry("COMMENT", "CONSTRAINT a_fk ON a", "public", "COMMENT ON CONSTRAINT a_fk ON public.a IS 'c';") +
                                         foreign_key("public.a", "a_self", "public.a") + foreign_key("app.b", "b_fk", "public.a")));
  EXPECT_FALSE(dump.holds("db/public/a.sql", "REFERENCES app.b"));
  EXPECT_FALSE(dump.holds("db/public/a.sql", "COMMENT ON CONSTRAINT"));
  EXPECT_TRUE(dump.holds("db/public/a.sql", "REFERENCES public.a"));
  EXPECT_EQ(dump.property("db/public/a.sql", "wants"), "db/app/b.sql");
  EXPECT_EQ(dump.property("db/public/a.sql", "links"), "db/public/.links/a/a_fk");
  EXPECT_EQ(dump.property("db/public/a.sql", "left_out"), "FOREIGN KEY a_fk needs app.b");
  EXPECT_EQ(dump.preamble("db/public/a.sql"), "-- left out: FOREIGN KEY a_fk needs app.b\n");
  EXPECT_EQ(dump.at("db/public/.links/a/a_fk").kind, "link");
  EXPECT_EQ(dump.property("db/public/.links/a/a_fk", "needs"), "db/app/b.sql\ndb/public/a.sql");
  EXPECT_EQ(dump.statements("db/public/.links/a/a_fk"),
            "ALTER TABLE ONLY public.a\n    ADD CONSTRAINT a_fk FOREIGN KEY (id) REFERENCES app.b(id);\nCOMMENT ON CONSTRAINT a_fk ON public.a IS 'c';\n");
  // Both are in the whole.
  EXPECT_TRUE(dump.holds("db.sql", "a_fk") && dump.holds("db.sql", "b_fk"));
  EXPECT_EQ(dump.property("db/public.sql", "links"), "db/public/.links/a/a_fk");
}

TEST(PostgresParts, DontReferToATableWithoutItsRows) {
  DumpParts dump = parts_of_text(dump_of(
      table("public.parent") + entry("TABLE", "child", "public", "CREATE TABLE public.child (\n)\nINHERITS (public.parent);") +
      rows("public.parent", "id", "1\n") + rows("public.child", "id", "1\n") + foreign_key("public.child", "fk", "public.parent")));
  EXPECT_TRUE(dump.holds("db/public/child.sql", "CREATE TABLE public.parent"));
  EXPECT_FALSE(dump.holds("db/public/child.sql", "FOREIGN KEY (id)"));
  EXPECT_EQ(dump.property("db/public/child.sql", "wants"), "db/public/parent.sql");
}

TEST(PostgresParts, OfASchemaHoldTheLinksWithinIt) {
  DumpParts dump = parts_of_text(dump_of(table("public.a") + table("public.b") + foreign_key("public.a", "a_fk", "public.b") +
                                         table("app.c") +
                                         entry("VIEW", "v", "public", "CREATE VIEW public.v AS\n SELECT a.id\n   FROM public.a;") +
                                         entry("VIEW", "w", "public", "CREATE VIEW public.w AS\n SELECT c.id\n   FROM app.c;") +
                                         entry("VIEW", "x", "public", "CREATE VIEW public.x AS\n SELECT w.id\n   FROM public.w;")));
  EXPECT_TRUE(dump.holds("db/public.sql", "a_fk"));
  EXPECT_TRUE(dump.holds("db/public.sql", "VIEW public.v"));
  EXPECT_FALSE(dump.holds("db/public.sql", "CREATE VIEW public.w"));
  EXPECT_FALSE(dump.holds("db/public.sql", "CREATE VIEW public.x"));
  EXPECT_EQ(dump.property("db/public.sql", "left_out"), "VIEW w needs app.c\nVIEW x needs public.w");
  EXPECT_EQ(dump.property("db/public.sql", "wants"), "db/app/c.sql\ndb/public/w.sql\ndb/public/x.sql");
  EXPECT_EQ(dump.property("db/public/x.sql", "wants"), "db/public/w.sql");
  EXPECT_EQ(dump.property("db/public/x.sql", "needs"), "db/public/w.sql");
}

TEST(PostgresParts, ComeWithTriggersAndTheirFunctions) {
  DumpParts dump = parts_of_text(dump_of(
      entry("FUNCTION", "touch()", "lib", "CREATE FUNCTION lib.touch() RETURNS trigger\n    LANGUAGE plpgsql\n    AS $$BEGIN END$$;") +
      table("public.a") + table("public.b") +
      entry("TRIGGER", "a t", "public", "CREATE TRIGGER t BEFORE UPDATE ON public.a FOR EACH ROW WHEN ((old.id > new.id)) EXECUTE FUNCTION lib.touch();") +
      entry("COMMENT", "TRIGGER t ON a", "public", "COMMENT ON TRIGGER t ON public.a IS 'c';") +
      entry("TRIGGER", "a lost", "public", "CREATE TRIGGER lost BEFORE UPDATE ON public.a FOR EACH ROW EXECUTE FUNCTION elsewhere.f();") +
      entry("POLICY", "a own", "public", "CREATE POLICY own ON public.a USING ((id > 0));") +
      entry("POLICY", "a via", "public", "CREATE POLICY via ON public.a USING ((id IN ( SELECT b.id\n   FROM public.b)));")));
  for (const char* sql : {"FUNCTION lib.touch", "TRIGGER t BEFORE", "COMMENT ON TRIGGER", "POLICY own"}) EXPECT_TRUE(dump.holds("db/public/a.sql", sql)) << sql;
  EXPECT_EQ(dump.property("db/public/a.sql", "left_out"),
            "POLICY via needs public.b\nTRIGGER lost needs elsewhere.f, which the dump doesn't hold");
  EXPECT_EQ(dump.property("db/public/a.sql", "links"), "db/public/.links/a/via");
  EXPECT_EQ(dump.preamble("db/public/a.sql").find("CREATE SCHEMA IF NOT EXISTS \"lib\";\n"),
            dump.preamble("db/public/a.sql").size() - 35);
}

TEST(PostgresParts, OfPartitionedTablesHoldAllPartitions) {
  auto attach = [](const std::string& parent, const std::string& child) {
    return entry("TABLE ATTACH", child, "public", "ALTER TABLE ONLY public." + parent + " ATTACH PARTITION public." + child + " FOR VALUES IN (1);");
  };
  DumpParts dump = parts_of_text(dump_of(
      table("public.root") + table("public.mid") + table("public.leaf") + table("public.odd") + attach("root", "mid") + attach("mid", "leaf") +
      attach("root", "odd") + rows("public.leaf", "id", "1\n") + rows("public.odd", "id", "2\n") +
      entry("CONSTRAINT", "root root_pkey", "public", "ALTER TABLE ONLY public.root\n    ADD CONSTRAINT root_pkey PRIMARY KEY (id);") +
      entry("CONSTRAINT", "mid mid_pkey", "public", "ALTER TABLE ONLY public.mid\n    ADD CONSTRAINT mid_pkey PRIMARY KEY (id);") +
      entry("INDEX ATTACH", "mid_pkey", "public", "ALTER INDEX public.root_pkey ATTACH PARTITION public.mid_pkey;")));
  EXPECT_EQ(dump.rendered("db/public/root.copy"), "1\n2\n");
  EXPECT_EQ(dump.property("db/public/root.sql", "rows"), "2");
  EXPECT_EQ(dump.rendered("db/public/mid.copy"), "1\n");
  EXPECT_TRUE(dump.holds("db/public/root.sql", "mid_pkey;"));
  EXPECT_TRUE(dump.holds("db/public/leaf.sql", "CREATE TABLE public.root"));
  EXPECT_TRUE(dump.holds("db/public/mid.sql", "ADD CONSTRAINT root_pkey"));
  EXPECT_FALSE(dump.holds("db/public/mid.sql", "public.odd"));
  EXPECT_FALSE(dump.has("db/public/.links"));
}

TEST(PostgresParts, GiveRowsLoadedThroughTheRootToTheRoot) {
  std::string attach = entry("TABLE ATTACH", "leaf", "public", "ALTER TABLE ONLY public.root ATTACH PARTITION public.leaf DEFAULT;");
  std::string data = "-- load via partition root public.root\n\nCOPY public.root (id) FROM stdin;\n";
  DumpParts dump = parts_of_text(dump_of(table("public.root") + table("public.leaf") + attach + entry("TABLE DATA", "leaf", "public", data + "1\n\\.") +
                                         entry("TABLE DATA", "leaf2", "public", data + "2\n\\.")));
  EXPECT_EQ(dump.rendered("db/public/root.copy"), "1\n2\n");
  EXPECT_FALSE(dump.has("db/public/leaf.copy"));
  EXPECT_EQ(dump.property("db/public/leaf.sql", "left_out"), "rows, which the dump loads through public.root");
}

TEST(PostgresParts, SayWhenNoRowsAloneCanBeGiven) {
  DumpParts dump = parts_of_text(dump_of(table("public.root") + table("public.l1") + table("public.l2") +
                                         entry("TABLE ATTACH", "l1", "public", "ALTER TABLE ONLY public.root ATTACH PARTITION public.l1 DEFAULT;") +
                                         entry("TABLE ATTACH", "l2", "public", "ALTER TABLE ONLY public.root ATTACH PARTITION public.l2 DEFAULT;") +
                                         rows("public.l1", "a, b", "1\t2\n") + rows("public.l2", "b, a", "2\t1\n") + table("public.i") +
                                         entry("TABLE DATA", "i", "public", "INSERT INTO public.i VALUES (1);\nINSERT INTO public.i VALUES (2);")));
  EXPECT_FALSE(dump.has("db/public/root.copy"));
  EXPECT_EQ(dump.property("db/public/root.sql", "columns_differ"), "1");
  EXPECT_TRUE(dump.has("db/public/l1.copy"));
  EXPECT_FALSE(dump.has("db/public/i.copy"));
  EXPECT_EQ(dump.property("db/public/i.sql", "inserts"), "1");
  EXPECT_EQ(dump.property("db/public/i.sql", "rows"), "2");
}

TEST(PostgresParts, OfOneNameAreToldApart) {
  DumpParts dump = parts_of_text(dump_of(
      entry("SCHEMA", ".links", "", "CREATE SCHEMA \".links\";") + entry("SCHEMA", "a.sql", "", "CREATE SCHEMA \"a.sql\";") + table("a.t") +
      entry("TABLE", "x y", "public", "CREATE TABLE public.\"x\ny\" (\n    a integer\n);") +
      entry("TABLE", "x y", "public", "CREATE TABLE public.\"x y\" (\n    b integer\n);") +
      entry("FUNCTION", "f(integer, text)", "public", "CREATE FUNCTION public.f(integer, t text) RETURNS integer\n    LANGUAGE sql\n    AS $$SELECT 1$$;") +
      entry("FUNCTION", "f(integer)", "public", "CREATE FUNCTION public.f(integer) RETURNS integer\n    LANGUAGE sql\n    AS $$SELECT 2$$;") +
      entry("ACL", "FUNCTION f(integer, t text)", "public", "GRANT ALL ON FUNCTION public.f(integer, t text) TO ro;") +
      entry("OPERATOR FAMILY", "o", "public", "CREATE OPERATOR FAMILY public.o USING btree;") +
      entry("OPERATOR CLASS", "o", "public", "CREATE OPERATOR CLASS public.o\n    FOR TYPE integer USING btree FAMILY public.o AS\n    STORAGE integer;")));
  EXPECT_TRUE(dump.has("db/%2Elinks.sql"));
  EXPECT_TRUE(dump.has("db/a.schema.sql")) << "a folder has the name a.sql";
  EXPECT_TRUE(dump.holds("db/public/x%0Ay.sql", "a integer"));
  EXPECT_TRUE(dump.holds("db/public/x y.sql", "b integer"));
  EXPECT_TRUE(dump.holds("db/public/f(integer, text).sql", "GRANT"));
  EXPECT_FALSE(dump.holds("db/public/f(integer).sql", "GRANT"));
  EXPECT_EQ(dump.at("db/public/o.sql").kind, "operator-family");
  EXPECT_TRUE(dump.holds("db/public/o.operator-class.sql", "OPERATOR FAMILY"));
}

TEST(PostgresParts, KeepCommentsClosed) {
  DumpParts dump = parts_of_text(dump_of(entry("TABLE", "x y", "public", "CREATE TABLE public.\"x\n\\! touch y\" (\n    a integer\n);") +
                                         table("public.a") + foreign_key("public.a", "fk", "public.\"x\n\\! touch y\"")));
  EXPECT_EQ(dump.preamble("db/public/a.sql"), "-- left out: FOREIGN KEY fk needs public.x \\! touch y\n");
}

TEST(PostgresParts, LeaveOutWhatFailsInANewDatabase) {
  DumpParts dump = parts_of_text(dump_of("ALTER TABLE ONLY public.t DROP CONSTRAINT c;\nDROP TABLE public.t;\nDROP SCHEMA public;\n" +
                                         entry("SCHEMA", "public", "", "CREATE SCHEMA public;\n\n\nALTER SCHEMA public OWNER TO me;") + table("public.t")));
  for (const char* part : {"db.sql", "db/public.sql", "db/public/t.sql"}) {
    EXPECT_FALSE(dump.holds(part, "DROP")) << part;
    EXPECT_FALSE(dump.holds(part, "CREATE SCHEMA")) << part;
    EXPECT_TRUE(dump.holds(part, "CREATE TABLE")) << part;
  }
  EXPECT_TRUE(dump.holds("db.sql", "ALTER SCHEMA public OWNER TO me;"));
}

TEST(PostgresParts, OfADumpThatBreaksOffAreThere) {
  std::string whole = dump_of(table("public.a") + rows("public.a", "id", "1\n2\n"));
  DumpParts dump = parts_of_text(whole.substr(0, whole.find("2\n\\.") + 1));
  EXPECT_FALSE(dump.stream.ended);
  EXPECT_FALSE(dump.stream.problem.empty());
  EXPECT_TRUE(dump.has("db/public/a.sql"));
  // Wherever it breaks off.
  for (size_t size = 0; size < whole.size(); size += 3) parts_of_text(whole.substr(0, size));
}

TEST(PostgresParts, OfAHundredThousandTablesAreFoundSoon) {
  constexpr uint32_t kTables = 100'000;
  DumpOutline outline;
  DumpDatabase& database = outline.databases.emplace_back();
  database.name = "db";
  database.settings = {{0, 100}};
  uint64_t offset = 1000;
  auto add = [&](const char* type, const std::string& tag, std::optional<QualifiedName> subject, std::optional<QualifiedName> of,
                 std::vector<QualifiedName> mentions) {
    DumpItem& item = database.items.emplace_back();
    item.type = type;
    item.tag = tag;
    item.schema = "public";
    item.owner = "me";
    item.subject = std::move(subject);
    item.table = std::move(of);
    item.mentions = std::move(mentions);
    item.text = {{offset, 200}};
    item.statements = {offset + 50, 100};
    offset += 200;
  };
  auto name = [](uint32_t i) { return QualifiedName{"public", "t" + std::to_string(i)}; };
  for (uint32_t i = 0; i < kTables; ++i) add("TABLE", name(i).name, name(i), {}, {name(i)});
  for (uint32_t i = 0; i < kTables; ++i) add("TABLE DATA", name(i).name, name(i), {}, {});
  for (uint32_t i = 0; i < kTables; ++i) add("CONSTRAINT", name(i).name + " k", QualifiedName{"public", "k"}, name(i), {name(i)});
  for (uint32_t i = 1; i < kTables; ++i) add("FK CONSTRAINT", name(i).name + " f", QualifiedName{"public", "f"}, name(i), {name(i / 2), name(i)});
  struct ::rusage before{}, after{};
  ::getrusage(RUSAGE_SELF, &before);
  StreamParts parts = parts_of_dump(outline, "db");
  ::getrusage(RUSAGE_SELF, &after);
  // Of the processor: others may be at work on the machine.
  double seconds = static_cast<double>(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
                   static_cast<double>(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6;
  RecordProperty("seconds", std::to_string(seconds));
  RecordProperty("mebibytes", std::to_string((after.ru_maxrss - before.ru_maxrss) / 1024));
  EXPECT_EQ(parts.parts.size(), 3 * kTables + 1);
}

}  // namespace
}  // namespace cairn
