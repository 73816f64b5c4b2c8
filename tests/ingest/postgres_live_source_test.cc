#include "ingest/postgres/live/live_source.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "ingest/postgres/live/data_list.h"
#include "ingest/postgres/live/row_source.h"
#include "tests/ingest/live_fixture.h"
#include "tests/ingest/postgres_server.h"

namespace cairn {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf, ::testing::ElementsAre, ::testing::HasSubstr, ::testing::Not;

// The text without what differs from dump to dump.  One \restrict is in force at a time, and none is left.
std::string without_keys(const std::string& dump) {
  std::string out, key;
  size_t at = 0;
  for (size_t found = 0; (found = dump.find("restrict ", found)) != std::string::npos; ++found) {
    const bool begins = dump.compare(found - 2, 2, "\n\\") == 0, ends = dump.compare(found - 4, 4, "\n\\un") == 0;
    if (!begins && !ends) continue;
    const size_t word_end = found + 9, line_end = dump.find('\n', found);
    const std::string this_key = dump.substr(word_end, line_end - word_end);
    EXPECT_EQ(key, begins ? "" : this_key);
    key = begins ? this_key : "";
    out += dump.substr(at, word_end - at) + "KEY";
    at = line_end;
  }
  EXPECT_EQ(key, "");
  return out + dump.substr(at);
}

void replace_all(std::string& in, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = in.find(what, at)) != std::string::npos; at += by.size()) in.replace(at, what.size(), by);
}

// From the first rows to the last.
std::string rows_of(const std::string& dump) {
  const size_t begin = dump.find("--\n-- Data for Name: "), end = dump.rfind("\n\\.\n");
  return begin == std::string::npos || end == std::string::npos ? "" : dump.substr(begin, end - begin);
}

bool same(const std::string& a, const std::string& b) {
  const auto [here, there] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (here == a.end() && there == b.end()) return true;
  const auto excerpt = [](const std::string& text, std::string::const_iterator at) {
    return text.substr(static_cast<size_t>(std::max<ptrdiff_t>(at - text.begin() - 100, 0)), 300);
  };
  ADD_FAILURE() << "differ at " << here - a.begin() << ":\n" << excerpt(a, here) << "\n-----\n" << excerpt(b, there);
  return false;
}

class Live : public PostgresTest {
 protected:
  static PostgresSourceOptions options(const std::string& url) { return {.url = PostgresUrl(url), .excluded = {}, .pg_dump = "", .workers = 3}; }
  std::string save(const std::string& url) { return read_rest(*open_postgres(options(url), notes_)); }
  std::string save_database(const std::string& database) { return save(server().url(database)); }
  // Grants stand elsewhere, and older servers come with some; of their dumps the rows are compared.
  void expect_dump_of_pg_dump(const std::string& database) {
    const std::string ours = without_keys(save_database(database)), theirs = without_keys(server().dump({"--create", database}));
    EXPECT_TRUE(server().has_own_tools() ? same(ours, theirs) : same(rows_of(ours), rows_of(theirs)));
  }
  // An empty database of that name.
  static std::string fresh(const std::string& database) {
    server().run_sql("postgres", "DROP DATABASE IF EXISTS " + database);
    server().run_sql("postgres", "CREATE DATABASE " + database);
    return database;
  }
  Notes notes_;
};

// A little of everything that is dumped in a form of its own.
constexpr char kOddTables[] = R"(
CREATE TABLE no_column(); INSERT INTO no_column SELECT FROM generate_series(1, 3);
CREATE TABLE generated (a int, b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO generated VALUES (1), (2);
CREATE TABLE all_generated (b int GENERATED ALWAYS AS (1) STORED); INSERT INTO all_generated DEFAULT VALUES;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE feelings (m mood, t text) PARTITION BY HASH (m);
CREATE TABLE feelings_0 PARTITION OF feelings FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE feelings_1 PARTITION OF feelings FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO feelings VALUES ('sad', 'x'), ('ok', 'y');
CREATE TABLE by_hash (a int) PARTITION BY HASH (a);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 1, REMAINDER 0); INSERT INTO by_hash VALUES (1);
CREATE TABLE "line
break" ("co
lumn" int); INSERT INTO "line
break" VALUES (1);
CREATE SEQUENCE "s'\q" START 5;
CREATE UNLOGGED TABLE unlogged (a int); INSERT INTO unlogged VALUES (1);
CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent); INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2);
CREATE TABLE identity (a int GENERATED ALWAYS AS IDENTITY, gone int, c text); ALTER TABLE identity DROP gone; INSERT INTO identity (c) VALUES ('q');
CREATE TABLE "select" ("from" int, "Order" text, user_ int, "a b" int);
CREATE TABLE kinds (t timestamptz, i interval, f float8, b bytea, d date);
INSERT INTO kinds VALUES ('2024-05-05 01:02:03.456789+02', '1 mon -2 days', 0.1 + 0.2, '\xdead', '0044-03-15 BC');
CREATE SCHEMA zoo; CREATE TABLE zoo.a (x int); INSERT INTO zoo.a SELECT generate_series(1, 100); CREATE SCHEMA "Alpha"; CREATE TABLE "Alpha".z (x int);
)";

TEST_F(Live, OddTablesHaveTheBytesOfPgDump) {
  fresh("odd");
  server().run_script("odd", kOddTables);
  server().run_sql("postgres", "ALTER DATABASE odd SET datestyle = 'German'; ALTER DATABASE odd SET extra_float_digits = 0; ALTER DATABASE odd SET bytea_output = escape");
  expect_dump_of_pg_dump("odd");
  server().run_sql("postgres", "ALTER DATABASE odd SET standard_conforming_strings = off");
  expect_dump_of_pg_dump("odd");
  server().run_sql("postgres", "DROP DATABASE odd");
}

// A comment with a table's name ends with its line, whatever the name.
TEST_F(Live, NamesOfTablesAreNoStatements) {
  fresh("hostile");
  server().run_script("hostile", "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE \"x\nALTER ROLE bob SUPERUSER;\n--\" (m mood) PARTITION BY HASH (m);\n"
                                 "CREATE TABLE leaf PARTITION OF \"x\nALTER ROLE bob SUPERUSER;\n--\" FOR VALUES WITH (MODULUS 1, REMAINDER 0);\n"
                                 "INSERT INTO leaf VALUES ('ok');\n");
  PostgresConnection connection(PostgresUrl(server().url("hostile")).parameters(), std::nullopt, notes_);
  set_up_session(connection);
  DataList list;
  begin_snapshot(connection, list);
  ASSERT_EQ(list.tables.size(), 1U);
  EXPECT_THAT(list.tables[0].heading, HasSubstr("-- load via partition root public.\"x ALTER ROLE bob SUPERUSER; --\"\n\nCOPY public.\"x\nALTER"));
  expect_dump_of_pg_dump("hostile");
  server().run_sql("postgres", "DROP DATABASE hostile WITH (FORCE)");
}

TEST_F(Live, LargeTableInRangesHasTheBytesOfPgDump) {
  fresh("large");
  server().run_sql("large",
                   "CREATE TABLE t (id int, note text); INSERT INTO t SELECT g, repeat(md5(g::text), g % 7) FROM generate_series(1, 400000) g;"
                   "UPDATE t SET note = 'changed ' || id WHERE id % 5000 < 20; DELETE FROM t WHERE id BETWEEN 200000 AND 250000");
  server().run_sql("large", "CREATE TABLE wide (id int, note text); ALTER TABLE wide ALTER note SET STORAGE EXTERNAL;"
                            "INSERT INTO wide SELECT g, repeat(md5(g::text), 700) FROM generate_series(1, 2000) g");
  expect_dump_of_pg_dump("large");
  EXPECT_EQ(notes_.warnings_, "");
  PostgresConnection connection(PostgresUrl(server().url("large")).parameters(), std::nullopt, notes_);
  set_up_session(connection);
  DataList list;
  begin_snapshot(connection, list);
  ASSERT_EQ(list.tables.size(), 2U);
  EXPECT_GT(plan_copies({list.tables[0]}, true).size(), 4U);
  EXPECT_GT(plan_copies({list.tables[1]}, true).size(), 2U);  // large only in what is stored out of line
  server().run_sql("postgres", "DROP DATABASE large WITH (FORCE)");
}

TEST_F(Live, ConfigurationOfExtensionsIsThere) {
  fresh("extended");
  // Pretends that these tables came with the extension.  Its scripts don't make them, so this dump is only looked at.
  server().run_sql("extended",
                   "CREATE EXTENSION pgcrypto; CREATE TABLE z_kind (id int PRIMARY KEY); CREATE TABLE a_thing (id int, kind int REFERENCES z_kind);"
                   "CREATE TABLE member (id int); CREATE SEQUENCE counter; CREATE TABLE mine (id int);"
                   "INSERT INTO z_kind VALUES (1), (2); INSERT INTO a_thing VALUES (7, 1), (8, 2); INSERT INTO member VALUES (1); SELECT nextval('counter');"
                   "ALTER EXTENSION pgcrypto ADD TABLE z_kind; ALTER EXTENSION pgcrypto ADD TABLE a_thing; ALTER EXTENSION pgcrypto ADD TABLE member;"
                   "ALTER EXTENSION pgcrypto ADD SEQUENCE counter;"
                   "UPDATE pg_extension SET extconfig = ARRAY['z_kind'::regclass::oid, 'a_thing'::regclass, 'counter'::regclass],"
                   " extcondition = ARRAY['', 'WHERE id > 7', ''] WHERE extname = 'pgcrypto'");
  expect_dump_of_pg_dump("extended");
  EXPECT_THAT(save_database("extended"), AllOf(HasSubstr("FROM stdin;\n8\t2\n\\."), HasSubstr("setval('public.counter', 1, true)"), Not(HasSubstr("COPY public.member"))));
  server().run_sql("postgres", "DROP DATABASE extended");
}

constexpr char kTraps[] = "../shared/fixtures/postgres-traps.sql";

// The whole of a server, restored by psql into another one, is the same.
TEST_F(Live, ClusterComesBack) {
  const std::filesystem::path traps = std::filesystem::path(CAIRN_TESTS) / ".." / kTraps;
  if (!std::filesystem::exists(traps)) GTEST_SKIP() << "SKIPPED: no " << traps;
  if (!server().has_own_tools()) GTEST_SKIP() << "SKIPPED: no pg_dump of the server's version";
  const PostgresServer from, to;
  from.run_file("postgres", traps);
  from.run_sql("postgres", "CREATE TABLE here (a int); INSERT INTO here VALUES (7)");
  from.run_sql("We\"ird db", "CREATE TABLE there (a int); INSERT INTO there VALUES (8)");
  const std::string script = save(from.url());
  EXPECT_THAT(script, AllOf(HasSubstr("\\connect authentik\n"), HasSubstr("\\connect postgres\n"), Not(HasSubstr("template1\" dump"))));
  EXPECT_TRUE(script.ends_with("--\n-- PostgreSQL database cluster dump complete\n--\n\n"));
  without_keys(script);
  std::ofstream(std::filesystem::path(to.socket_folder()) / "all.sql") << script;
  // psql goes on after the one error: the role postgres exists.
  const auto restored = to.tool("psql", {"-X", "-q", "-d", "postgres", "-f", to.socket_folder() + "/all.sql"});
  EXPECT_EQ(std::ranges::count(restored.err, '\n'), 1) << restored.err;
  EXPECT_TRUE(same(without_keys(to.dumpall()), without_keys(from.dumpall())));
}

TEST_F(Live, ChoosesDatabases) {
  for (const char* name : {"keep", "test_1", "test_2"}) fresh(name);
  server().run_sql("postgres", "CREATE DATABASE closed ALLOW_CONNECTIONS false");
  PostgresSourceOptions some = options(server().url());
  some.excluded = {"test_*", "post?res"};
  const std::string script = read_rest(*open_postgres(some, notes_));
  std::vector<std::string> databases;
  for (size_t at = 0; (at = script.find("\n-- Database \"", at)) != std::string::npos; ++at) databases.push_back(script.substr(at + 14, script.find('"', at + 14) - at - 14));
  EXPECT_THAT(databases, ElementsAre("keep"));
  EXPECT_EQ(notes_.warnings_, "");
  some.excluded = {"nobody", "*"};
  EXPECT_THAT(failure_of([&] { open_postgres(some, notes_); }, ErrorCode::kInvalidArgument), AllOf(HasSubstr("every database is excluded: "), HasSubstr("keep, postgres, ")));
  EXPECT_THAT(notes_.warnings_, AllOf(HasSubstr("--exclude-database nobody: no database"), Not(HasSubstr("-database *"))));
  some.url = PostgresUrl(server().url("test_1"));
  EXPECT_THAT(failure_of([&] { open_postgres(some, notes_); }, ErrorCode::kInvalidArgument), HasSubstr("the URL names database test_1"));
  some.excluded.clear();
  EXPECT_THAT(read_rest(*open_postgres(some, notes_)), AllOf(HasSubstr("CREATE DATABASE test_1"), Not(HasSubstr("CREATE ROLE"))));
  server().run_sql("postgres", "DROP DATABASE closed");
}

TEST_F(Live, DatabaseDroppedMeanwhileIsLeftOut) {
  fresh("leaving");
  const auto source = open_postgres(options(server().url()), notes_);
  server().run_sql("postgres", "DROP DATABASE leaving");
  EXPECT_TRUE(read_rest(*source).ends_with("cluster dump complete\n--\n\n"));
  EXPECT_THAT(notes_.warnings_, HasSubstr("\"leaving\" was dropped"));
  failure_of([&] { save_database("leaving"); });
}

TEST_F(Live, BalancesAreThoseOfOneMoment) {
  if (!server().has_own_tools()) GTEST_SKIP() << "SKIPPED: no pg_dump of the server's version";
  fresh("bank");
  ASSERT_EQ(server().tool("pgbench", {"-i", "-q", "-s", "3", "bank"}).exit_status, 0);
  std::jthread load([&] { server().tool("pgbench", {"-n", "-c", "4", "-T", "4", "bank"}); });
  std::this_thread::sleep_for(700ms);
  for (int round = 0; round < 3; ++round) {
    std::string script = save_database("bank");
    for (const std::string before : {"CREATE DATABASE", "ALTER DATABASE", "\\connect"}) replace_all(script, before + " bank", before + " bank_copy");
    server().run_sql("postgres", "DROP DATABASE IF EXISTS bank_copy");
    server().run_script("postgres", script);
    EXPECT_EQ(server().run_sql("bank_copy", "SELECT count(DISTINCT s) FROM (SELECT sum(abalance) s FROM pgbench_accounts UNION ALL SELECT sum(tbalance) FROM pgbench_tellers"
                                            " UNION ALL SELECT sum(bbalance) FROM pgbench_branches UNION ALL SELECT sum(delta) FROM pgbench_history) x"),
              "1");
    EXPECT_NE(server().run_sql("bank_copy", "SELECT count(*) FROM pgbench_history"), "0");
  }
}

// Somebody waits to change a table, behind our lock: workers that come after him would wait for him, and he waits for us.
TEST_F(Live, ChangeThatWaitsDoesNotStopIt) {
  fresh("changing");
  server().run_sql("changing", "CREATE TABLE a AS SELECT g, repeat('x', 1000) FROM generate_series(1, 50000) g;"
                               "CREATE TABLE z AS SELECT g, repeat('z', 1000) FROM generate_series(1, 26000) g");
  const std::string before = without_keys(server().dump({"--create", "changing"}));
  const auto source = open_postgres(options(server().url("changing")), notes_);
  std::string script(1000, 0);
  script.resize(source->read({reinterpret_cast<uint8_t*>(script.data()), script.size()}));
  std::jthread change([&] { server().run_sql("changing", "ALTER TABLE z ADD COLUMN more int"); });
  while (server().run_sql("postgres", "SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") std::this_thread::sleep_for(20ms);
  script = without_keys(script + read_rest(*source));
  EXPECT_TRUE(same(rows_of(script), rows_of(before)));
  EXPECT_EQ(notes_.warnings_, "");
}

TEST_F(Live, NoRightIsSaidAndWhere) {
  fresh("private");
  server().run_sql("private", "CREATE ROLE clerk LOGIN; CREATE TABLE open (a int); GRANT SELECT ON open TO clerk; CREATE TABLE secret_table (a int)");
  EXPECT_THAT(failure_of([&] { save(server().url("private", "clerk")); }), AllOf(HasSubstr("permission denied for table secret_table"), HasSubstr("\"private\"")));
  server().run_sql("postgres", "REVOKE CONNECT ON DATABASE private FROM PUBLIC");
  EXPECT_THAT(failure_of([&] { save(server().url("private", "clerk")); }), HasSubstr("permission denied for database"));
  server().run_sql("postgres", "DROP DATABASE private");
}

// The COPY that is refused ends the snapshot, and the children fail for want of it.
TEST_F(Live, RowLevelSecurityIsSaidFirst) {
  fresh("guarded");
  server().run_sql("guarded", "CREATE ROLE guard LOGIN; GRANT pg_read_all_data TO guard; CREATE TABLE secret_rows (a int); INSERT INTO secret_rows VALUES (1);"
                              "ALTER TABLE secret_rows ENABLE ROW LEVEL SECURITY");
  for (int round = 0; round < 5; ++round) {
    EXPECT_THAT(failure_of([&] { save(server().url("guarded", "guard")); }), AllOf(HasSubstr("row-level security policy for table \"secret_rows\""), HasSubstr("BYPASSRLS")));
  }
  server().run_sql("postgres", "ALTER ROLE guard BYPASSRLS");
  EXPECT_THAT(save(server().url("guarded", "guard")), HasSubstr("COPY public.secret_rows"));
  server().run_sql("postgres", "DROP DATABASE guarded WITH (FORCE)");
  server().run_sql("postgres", "DROP ROLE guard");
}

TEST_F(Live, RolesWithoutPasswordsWhereTheyAreForbidden) {
  server().run_sql("postgres", "CREATE ROLE auditor LOGIN PASSWORD 'hidden-one'");
  fresh("other");
  PostgresSourceOptions globals = options(server().url());
  globals.excluded = {"[!p]*"};  // tables that the role may not read
  EXPECT_THAT(read_rest(*open_postgres(globals, notes_)), HasSubstr("SCRAM-SHA-256"));
  EXPECT_EQ(notes_.warnings_, "");
  globals.url = PostgresUrl(server().url("", "auditor"));
  const std::string script = read_rest(*open_postgres(globals, notes_));
  EXPECT_THAT(script, AllOf(HasSubstr("CREATE ROLE auditor"), Not(HasSubstr("SCRAM-SHA-256"))));
  EXPECT_THAT(notes_.warnings_, HasSubstr("without their passwords"));
  server().run_sql("postgres", "DROP ROLE auditor");
}

TEST_F(Live, LostConnectionIsAFailure) {
  fresh("large");
  server().run_sql("large", "CREATE TABLE t AS SELECT g, repeat('x', 1000) FROM generate_series(1, 120000) g");
  for (const char* who : {"application_name = 'cairn'", "query LIKE 'COPY%'"}) {
    const auto source = open_postgres(options(server().url("large")), notes_);
    Bytes buffer(1000);
    for (int i = 0; i < 10; ++i) source->read(buffer);
    std::this_thread::sleep_for(300ms);
    server().run_sql("postgres", std::string("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'large' AND ") + who);
    EXPECT_THAT(failure_of([&] { read_rest(*source); }), HasSubstr("database \"large\""));
  }
}

TEST_F(Live, InterruptionLeavesNothingBehind) {
  fresh("large");
  server().run_sql("large", "CREATE TABLE t AS SELECT g, repeat('x', 1000) FROM generate_series(1, 120000) g");
  auto source = open_postgres(options(server().url("large")), notes_);
  Bytes buffer(1000);
  source->read(buffer);
  notes_.stop_ = true;
  failure_of([&] { read_rest(*source); }, ErrorCode::kInterrupted);
  const auto begin = std::chrono::steady_clock::now();
  source.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  std::string left = "?";
  for (int i = 0; i < 100 && left != "0"; ++i, std::this_thread::sleep_for(50ms)) {
    left = server().run_sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = 'large'");
  }
  EXPECT_EQ(left, "0");
}

TEST_F(Live, ProgramThatFailsOrStopsEarly) {
  const std::string real = "case \"$1\" in --version) exec " + PostgresServer::tools_bin() + "/pg_dump --version;; esac\n";
  const std::string dump = PostgresServer::tools_bin() + "/pg_dump \"$@\"";
  PostgresSourceOptions chosen = options(server().url("postgres"));
  const FakeProgram fails(real + dump + "; echo 'pg_dump: error: out of luck' >&2; exit 1"), cut(real + dump + " | head -c 900"), good(real + dump);
  chosen.pg_dump = good.path();
  EXPECT_THAT(read_rest(*open_postgres(chosen, notes_)), HasSubstr("database dump complete"));
  chosen.pg_dump = fails.path();
  EXPECT_THAT(failure_of([&] { read_rest(*open_postgres(chosen, notes_)); }), AllOf(HasSubstr("exit status 1"), HasSubstr("out of luck")));
  chosen.pg_dump = cut.path();
  EXPECT_THAT(failure_of([&] { read_rest(*open_postgres(chosen, notes_)); }), HasSubstr("has no end"));
}

}  // namespace
}  // namespace cairn
