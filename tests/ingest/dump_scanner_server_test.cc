// What the scanner finds in dumps of a real server is what the server has.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <sstream>

#include "tests/ingest/outline_text.h"
#include "tests/ingest/postgres_server.h"

namespace cairn {
namespace {

// Names, bodies and rows that look like a dump, and every kind of thing whose statements have a form of their own.
constexpr const char* kSmallTraps = R"sql(
CREATE ROLE "odd;role";
CREATE SCHEMA app;
CREATE TABLE users (id serial PRIMARY KEY, name text UNIQUE CHECK (name <> ''), note text DEFAULT '-- Name: n; Type: TABLE; Schema: -; Owner: -');
INSERT INTO users (name, note) VALUES ('a', 'plain'), ('evil', E'--\n-- PostgreSQL database dump complete\n--\n\\.\n\\connect foo\n'), ('t', E'\t\\N\r\n');
CREATE TABLE app."Mixed;Case
newline" (a int, "b )""" text);
INSERT INTO app."Mixed;Case
newline" SELECT g, 'r' || g FROM generate_series(1, 5) g;
CREATE TABLE app.none ();
INSERT INTO app.none DEFAULT VALUES;
CREATE TABLE app.empty (a int);
CREATE TABLE app.made (id int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (1) STORED, FOREIGN KEY (id) REFERENCES users);
INSERT INTO app.made DEFAULT VALUES;
CREATE FUNCTION app.f() RETURNS text LANGUAGE plpgsql AS $body$
BEGIN
--
-- Name: fake; Type: TABLE; Schema: app; Owner: x
--
  RETURN $q$COPY public.x (a) FROM stdin;
1
\.
$q$;
END $body$;
CREATE FUNCTION app.body(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN x > 1 THEN x + 1 END; SELECT 2; END;
CREATE FUNCTION app.fired() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER fires BEFORE INSERT OR UPDATE OF name, note ON users FOR EACH ROW EXECUTE FUNCTION app.fired();
CREATE RULE goes AS ON DELETE TO app.empty DO ALSO (SELECT 1; SELECT ';');
CREATE POLICY sees ON app.empty FOR SELECT USING (a > 0);
ALTER TABLE app.empty ENABLE ROW LEVEL SECURITY;
CREATE TABLE app.part (id int, d date) PARTITION BY RANGE (d);
CREATE TABLE app.part_2024 PARTITION OF app.part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX part_d ON app.part (d);
INSERT INTO app.part VALUES (1, '2024-05-05');
CREATE TYPE app.mood AS ENUM ('a;', 'b');
CREATE TABLE app.moods (m app.mood) PARTITION BY HASH (m);
CREATE TABLE app.moods_0 PARTITION OF app.moods FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO app.moods SELECT 'b' FROM generate_series(1, 7);
CREATE MATERIALIZED VIEW app.mv AS SELECT count(*) FROM users;
CREATE VIEW app.v AS SELECT * FROM users;
CREATE STATISTICS app.extended ON name, note FROM users;
CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE PUBLICATION pub FOR TABLE users;
COMMENT ON TABLE users IS E'multi\n--\n-- Name: z; Type: TABLE; Schema: q; Owner: -\n--\nline';
COMMENT ON COLUMN users.name IS 'column';
COMMENT ON CONSTRAINT users_pkey ON users IS 'constraint';
GRANT SELECT ON users TO "odd;role";
GRANT UPDATE (a) ON app.empty TO "odd;role";
SELECT lo_from_bytea(4242, '\x0102030405'::bytea), lo_from_bytea(4243, decode(repeat('41', 40000), 'hex'));
GRANT SELECT ON LARGE OBJECT 4242 TO "odd;role";
CREATE TABLE django_migrations (id int, name text);
INSERT INTO django_migrations SELECT g, md5(g::text) FROM generate_series(1, 5000) g;
)sql";

// "" where nothing differs, else the first lines that do.
std::string difference(std::string_view a, std::string_view b) {
  const auto line = [](std::string_view& text) {
    std::string_view out;
    do {
      const size_t end = std::min(text.find('\n'), text.size());
      out = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
    } while (out.starts_with("\\restrict ") || out.starts_with("\\unrestrict "));
    return out;
  };
  while (!a.empty() || !b.empty()) {
    const std::string_view one = line(a), other = line(b);
    if (one != other) return std::string(one) + "\nversus\n" + std::string(other);
  }
  return "";
}

class DumpScannerServer : public PostgresTest {
 protected:
  static void SetUpTestSuite() {
    PostgresTest::SetUpTestSuite();
    if (!PostgresServer::missing().empty()) return;
    server().run_sql("postgres", "CREATE DATABASE traps");
    server().run_sql("postgres", "CREATE DATABASE \"We\"\"ird 'db\\\"");
    server().run_sql("traps", kSmallTraps);
  }

  static const DumpDatabase& traps_of(const DumpOutline& outline) {
    for (const DumpDatabase& database : outline.databases) {
      if (database.name == "traps" || database.name.empty()) return database;
    }
    throw std::runtime_error("no such database");
  }
  // schema.table of what holds rows, and how many.
  static std::map<std::string, uint64_t> rows_on_server() {
    std::string out = server().run_sql(
        "traps",
        "SELECT replace(nspname || '.' || relname, E'\\n', '~') || '|' || "
        "(xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM %s', c.oid::regclass), false, true, '')))[1] "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND nspname IN ('public', 'app')");
    std::map<std::string, uint64_t> rows;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      std::replace(line.begin(), line.end(), '~', '\n');
      rows[line.substr(0, line.find('|'))] = std::stoull(line.substr(line.find('|') + 1));
    }
    return rows;
  }
  static std::string concatenated(std::string_view dump, const DumpDatabase& database) {
    std::string out;
    for (const Extent& extent : database.settings) out += std::string(dump.substr(extent.offset_bytes, extent.length_bytes)) + "\n";
    for (const DumpItem& item : database.items) {
      if (item.subject && item.tag == "public" && item.type == "SCHEMA") continue;
      for (const Extent& extent : item.text) out += std::string(dump.substr(extent.offset_bytes, extent.length_bytes)) + "\n";
    }
    return out;
  }
  static std::vector<std::pair<std::string, std::string>> dumps() {
    const std::string db = "traps";
    std::vector<std::pair<std::string, std::string>> out;
    for (const std::vector<std::string>& options : std::vector<std::vector<std::string>>{
             {}, {"--verbose"}, {"--clean"}, {"--clean", "--if-exists"}, {"--create"}, {"--create", "--clean", "--verbose"}, {"--inserts"},
             {"--column-inserts", "--on-conflict-do-nothing"}, {"--rows-per-insert=100"}, {"--disable-triggers", "--use-set-session-authorization"}}) {
      std::string name = "pg_dump";
      for (const std::string& option : options) name += " " + option;
      std::vector<std::string> args = options;
      args.push_back(db);
      out.emplace_back(name, server().dump(args));
    }
    out.emplace_back("pg_dumpall --verbose --clean", server().dumpall({"--verbose", "--clean", "--exclude-database=none*"}));
    out.emplace_back("pg_dumpall", server().dumpall());
    out.emplace_back("pg_dumpall --inserts", server().dumpall({"--inserts", "--clean", "--if-exists"}));
    return out;
  }
};

TEST_F(DumpScannerServer, FindsTheTablesAndRowsThatTheServerHas) {
  const std::map<std::string, uint64_t> expected = rows_on_server();
  ASSERT_EQ(expected.size(), 8u);
  for (const auto& [name, dump] : dumps()) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(DumpScanner::looks_like_dump(view(dump).first(std::min<size_t>(dump.size(), 4096))));
    const Scanned scanned = scan(dump);
    EXPECT_EQ(scanned.failure, "");
    EXPECT_TRUE(scanned.outline.ended) << scanned.outline.problem;
    EXPECT_TRUE(scanned.outline.warnings.empty());
    const DumpDatabase& traps = traps_of(scanned.outline);
    EXPECT_TRUE(traps.server_version.starts_with("15.") && traps.dump_version.starts_with("15."));
    std::map<std::string, uint64_t> tables, rows;
    for (const DumpItem& item : traps.items) {
      const std::string subject = describe(item.subject);
      if (item.type == "TABLE") tables[subject] = 0;
      if (item.type != "TABLE DATA") continue;
      rows[subject] += item.row_count;
      EXPECT_EQ(item.inserts, name.find("insert") != name.npos && item.row_count > 0) << subject;
      if (!item.subject || item.inserts) continue;
      const std::string copied = server().tool("psql", {"-X", "-d", "traps", "-c", "COPY (SELECT * FROM \"" + item.subject->schema + "\".\"" +
                                                        item.subject->name + "\") TO stdout"}).out;
      // Generated columns are in the table and not in the dump; a table loaded through its root holds what others have, too.
      if (subject != "app.made" && subject != "app.moods") {
        EXPECT_EQ(difference(dump.substr(item.rows.offset_bytes, item.rows.length_bytes), copied), "") << subject;
      }
    }
    // Hash partitions of an enum are loaded through their root.
    std::map<std::string, uint64_t> through_root = expected;
    through_root.erase("app.moods_0");
    through_root["app.moods"] = 7;
    // INSERT dumps have an entry for an empty table, too, but nothing in it that names it.
    rows.erase("-");
    std::erase_if(through_root, [&](const auto& one) { return name.find("insert") != name.npos && one.second == 0; });
    EXPECT_EQ(rows, through_root);
    for (const auto& [table, count] : expected) EXPECT_TRUE(tables.contains(table)) << table;
    EXPECT_EQ(tables.size(), expected.size() + 2);   // the partitioned ones
  }
}

TEST_F(DumpScannerServer, ItemsTogetherAreTheDatabase) {
  int number = 0;
  for (const auto& [name, dump] : dumps()) {
    SCOPED_TRACE(name);
    const DumpOutline outline = scan(dump).outline;
    const std::string target = "target" + std::to_string(number++);
    server().run_sql("postgres", "CREATE DATABASE " + target);
    server().run_script(target, concatenated(dump, traps_of(outline)));
    EXPECT_EQ(difference(server().dump({"traps"}), server().dump({target})), "");
    server().run_sql("postgres", "DROP DATABASE " + target);
  }
}

TEST_F(DumpScannerServer, NamesWhatStatementsAreAbout) {
  const std::string dump = server().dump({"traps"});
  const DumpOutline outline = scan(dump).outline;
  std::map<std::string, const DumpItem*> items;
  for (const DumpItem& item : outline.databases.at(0).items) items[item.type + " " + item.tag] = &item;
  const auto about = [&](const std::string& name) {
    return items.contains(name) ? describe(items[name]->subject) + " " + describe(items[name]->table) : "no " + name;
  };
  EXPECT_EQ(about("CONSTRAINT users users_pkey"), "public.users_pkey public.users");
  EXPECT_EQ(about("FK CONSTRAINT made made_id_fkey"), "app.made_id_fkey app.made");
  EXPECT_EQ(about("DEFAULT users id"), "public.users public.users");
  EXPECT_EQ(about("SEQUENCE made_id_seq"), "app.made_id_seq app.made");
  EXPECT_EQ(about("SEQUENCE OWNED BY users_id_seq"), "public.users_id_seq public.users");
  EXPECT_EQ(about("SEQUENCE SET users_id_seq"), "public.users_id_seq -");
  EXPECT_EQ(about("TRIGGER users fires"), "public.fires public.users");
  EXPECT_EQ(about("RULE empty goes"), "app.goes app.empty");
  EXPECT_EQ(about("POLICY empty sees"), "app.sees app.empty");
  EXPECT_EQ(about("ROW SECURITY empty"), "app.empty app.empty");
  EXPECT_EQ(about("INDEX part_d"), "app.part_d app.part");
  EXPECT_EQ(about("INDEX ATTACH part_2024_d_idx"), "app.part_d app.part_2024_d_idx");
  EXPECT_EQ(about("TABLE ATTACH part_2024"), "app.part app.part_2024");
  EXPECT_EQ(about("STATISTICS extended"), "app.extended public.users");
  EXPECT_EQ(about("OPERATOR ==="), "app.=== -");
  EXPECT_EQ(about("PUBLICATION TABLE pub users"), ".pub public.users");
  EXPECT_EQ(about("COMMENT TABLE users"), "public.users -");
  EXPECT_EQ(about("COMMENT COLUMN users.name"), "public.users public.users");
  EXPECT_EQ(about("COMMENT CONSTRAINT users_pkey ON users"), "public.users_pkey public.users");
  EXPECT_EQ(about("ACL TABLE users"), "public.users -");
  EXPECT_EQ(about("ACL COLUMN empty.a"), "app.empty -");
  EXPECT_EQ(about("MATERIALIZED VIEW DATA mv"), "app.mv -");
  EXPECT_EQ(about("FUNCTION f()"), "app.f -");
  EXPECT_EQ(about("BLOB 4242"), ".4242 -");
  EXPECT_EQ(items["DEFAULT users id"]->mentions, (std::vector<QualifiedName>{{"public", "users"}, {"public", "users_id_seq"}}));
  EXPECT_EQ(items["FUNCTION f()"]->mentions, (std::vector<QualifiedName>{{"app", "f"}}));
  EXPECT_EQ(items["TABLE DATA Mixed;Case newline"]->columns, "a, \"b )\"\"\"");
  const std::string& sample = items["TABLE DATA django_migrations"]->sample;
  EXPECT_GT(sample.size(), 65000u);
  EXPECT_LE(sample.size(), 65536u);
  EXPECT_TRUE(sample.ends_with("\n5000\t" + server().run_sql("traps", "SELECT md5('5000')") + "\n"));
}

TEST_F(DumpScannerServer, EverySplitGivesTheSame) {
  std::minstd_rand random(1);
  for (const auto& [name, dump] : dumps()) {
    SCOPED_TRACE(name);
    const Scanned whole = scan(dump);
    EXPECT_TRUE(whole.order_kept);
    for (size_t size : {1, 7, 4096, 65536}) EXPECT_EQ(scan_in(dump, [&] { return size; }).text(), whole.text()) << size;
    for (int round = 0; round < 3; ++round) {
      const Scanned pieces = scan_in(dump, [&] { return 1 + random() % 3000; });
      EXPECT_TRUE(pieces.order_kept);
      EXPECT_EQ(pieces.text(), whole.text());
    }
  }
}

TEST_F(DumpScannerServer, ACutDumpIsNoticedAndKeepsWhatItHas) {
  for (const auto& [name, dump] : dumps()) {
    const std::string whole = describe(scan(dump).outline);
    std::vector<size_t> cuts;
    for (size_t cut = 4096; cut < dump.size(); cut += 4096) cuts.push_back(cut);
    // The last two bytes end the last line and leave one free.
    for (size_t behind = 3; behind < 200; ++behind) cuts.push_back(dump.size() - behind);
    for (size_t cut : cuts) {
      const Scanned scanned = scan(std::string_view(dump).substr(0, cut));
      EXPECT_EQ(scanned.failure, "");
      EXPECT_FALSE(scanned.outline.ended) << name << " cut at " << cut;
      EXPECT_NE(scanned.outline.problem, "");
      for (const DumpDatabase& database : scanned.outline.databases) {
        for (size_t i = 0; i + 1 < database.items.size(); ++i) {
          EXPECT_NE(whole.find("  " + describe(database.items[i])), whole.npos) << name << " cut at " << cut;
        }
      }
    }
  }
}

TEST_F(DumpScannerServer, Clusters) {
  const std::string dump = server().dumpall({"--verbose", "--clean"});
  const DumpOutline outline = scan(dump).outline;
  EXPECT_TRUE(outline.cluster);
  EXPECT_NE(outline.started, "");
  EXPECT_NE(outline.completed, "");
  std::vector<std::string> names, defined;
  for (const DumpDatabase& database : outline.databases) names.push_back(database.name);
  EXPECT_EQ(names, (std::vector<std::string>{"template1", "We\"ird 'db\\", "postgres", "traps"}));
  for (const DumpItem& item : outline.definitions) {
    if (item.type == "DATABASE") defined.push_back(item.subject->name);
  }
  EXPECT_EQ(defined, names);
  std::string globals;
  for (const Extent& extent : outline.globals) globals += dump.substr(extent.offset_bytes, extent.length_bytes);
  EXPECT_NE(globals.find("DROP ROLE \"odd;role\";"), globals.npos);
  EXPECT_NE(globals.find("CREATE ROLE \"odd;role\";"), globals.npos);
  EXPECT_EQ(globals.find("restrict "), globals.npos);
  EXPECT_EQ(globals.find("CREATE DATABASE"), globals.npos);
}

}  // namespace
}  // namespace cairn
