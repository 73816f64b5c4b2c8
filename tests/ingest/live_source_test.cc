#include "ingest/postgres/live/live_source.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "ingest/postgres/live/data_list.h"
#include "ingest/postgres/live/dump_programs.h"
#include "ingest/postgres/live/row_source.h"
#include "ingest/postgres/live/script_source.h"
#include "store/error.h"
#include "tests/ingest/postgres_server.h"

namespace cairn {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf, ::testing::ElementsAre, ::testing::HasSubstr, ::testing::Not;

class Notes : public Monitor {
 public:
  void error(const std::string& path, const std::string& message) override { ADD_FAILURE() << path << ": " << message; }
  void warning(const std::string& message) override {
    std::lock_guard lock(notes_mu_);
    warnings_ += message + "\n";
  }
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override {
    if (stop_) throw Error(ErrorCode::kInterrupted, "asked to stop");
  }
  std::atomic<bool> stop_{false};
  std::mutex notes_mu_;
  std::string warnings_;
};

std::string read_rest(StreamSource& source) {
  std::string out;
  Bytes buffer(300000);
  while (const size_t size = source.read(buffer)) out.append(text({buffer.data(), size}));
  source.finish();
  return out;
}

template <class Body>
std::string failure_of(Body&& body, ErrorCode code = ErrorCode::kIo) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "did not fail";
  return "";
}

// The text without what differs from dump to dump.  One \restrict is in force at a time, and none is left.
std::string without_keys(const std::string& dump) {
  std::string out, key;
  for (size_t at = 0; at < dump.size();) {
    const size_t end = std::min(dump.find('\n', at), dump.size() - 1) + 1;
    const std::string line = dump.substr(at, end - at), word = line.substr(0, line.find(' '));
    at = end;
    if (word != "\\restrict" && word != "\\unrestrict") {
      out += line;
      continue;
    }
    EXPECT_EQ(word == "\\restrict", key.empty());
    EXPECT_TRUE(key.empty() || line.substr(word.size()) == key) << line;
    key = key.empty() ? line.substr(word.size()) : "";
    out += word + " KEY\n";
  }
  EXPECT_EQ(key, "");
  return out;
}

void replace_all(std::string& in, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = in.find(what, at)) != std::string::npos; at += by.size()) in.replace(at, what.size(), by);
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
  EXPECT_TRUE(same(without_keys(save_database("odd")), without_keys(server().dump({"--create", "odd"}))));
  server().run_sql("postgres", "ALTER DATABASE odd SET standard_conforming_strings = off");
  EXPECT_TRUE(same(without_keys(save_database("odd")), without_keys(server().dump({"--create", "odd"}))));
  server().run_sql("postgres", "DROP DATABASE odd");
}

TEST_F(Live, LargeTableInRangesHasTheBytesOfPgDump) {
  fresh("large");
  server().run_sql("large",
                   "CREATE TABLE t (id int, note text); INSERT INTO t SELECT g, repeat(md5(g::text), g % 7) FROM generate_series(1, 400000) g;"
                   "UPDATE t SET note = 'changed ' || id WHERE id % 5000 < 20; DELETE FROM t WHERE id BETWEEN 200000 AND 250000");
  server().run_sql("large", "CREATE TABLE wide (id int, note text); ALTER TABLE wide ALTER note SET STORAGE EXTERNAL;"
                            "INSERT INTO wide SELECT g, repeat(md5(g::text), 700) FROM generate_series(1, 2000) g");
  EXPECT_TRUE(same(without_keys(save_database("large")), without_keys(server().dump({"--create", "large"}))));
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
  const std::string saved = without_keys(save_database("extended"));
  EXPECT_TRUE(same(saved, without_keys(server().dump({"--create", "extended"}))));
  EXPECT_THAT(saved, AllOf(HasSubstr("FROM stdin;\n8\t2\n\\."), HasSubstr("setval('public.counter', 1, true)"), Not(HasSubstr("COPY public.member"))));
  server().run_sql("postgres", "DROP DATABASE extended");
}

constexpr char kTraps[] = "../shared/fixtures/postgres-traps.sql";

// The whole of a server, restored by psql into another one, is the same.
TEST_F(Live, ClusterComesBack) {
  const std::filesystem::path traps = std::filesystem::path(CAIRN_TESTS) / ".." / kTraps;
  if (!std::filesystem::exists(traps)) GTEST_SKIP() << "SKIPPED: no " << traps;
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
  some.url = PostgresUrl(server().url("test_1"));
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

TEST_F(Live, NoRightIsSaidAndWhere) {
  fresh("private");
  server().run_sql("private", "CREATE ROLE clerk LOGIN; CREATE TABLE open (a int); GRANT SELECT ON open TO clerk; CREATE TABLE secret_table (a int)");
  EXPECT_THAT(failure_of([&] { save(server().url("private", "clerk")); }), AllOf(HasSubstr("permission denied for table secret_table"), HasSubstr("\"private\"")));
  server().run_sql("postgres", "REVOKE CONNECT ON DATABASE private FROM PUBLIC");
  EXPECT_THAT(failure_of([&] { save(server().url("private", "clerk")); }), HasSubstr("permission denied for database"));
  server().run_sql("postgres", "DROP DATABASE private");
}

TEST_F(Live, RolesWithoutPasswordsWhereTheyAreForbidden) {
  server().run_sql("postgres", "CREATE ROLE auditor LOGIN PASSWORD 'hidden-one'");
  PostgresSourceOptions globals = options(server().url());
  globals.excluded = {"*"};
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
  for (const char* who : {"application_name = 'cairn'", "query LIKE 'COPY%ctid%'"}) {
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

// A program in place of pg_dump.
class FakeProgram {
 public:
  explicit FakeProgram(const std::string& script) {
    std::ofstream(path()) << "#!/bin/sh\n" << script;
    std::filesystem::permissions(path(), std::filesystem::perms::owner_all);
  }
  std::string path() const { return folder_ / "pg_dump"; }

 private:
  const TempDir folder_;
};

TEST_F(Live, ProgramsThatAreTooOldOrNone) {
  PostgresSourceOptions chosen = options(server().url("postgres"));
  const FakeProgram old("echo 'pg_dump (PostgreSQL) 9.6.24'"), none("echo hello");
  chosen.pg_dump = old.path();
  EXPECT_THAT(failure_of([&] { open_postgres(chosen, notes_); }, ErrorCode::kUnsupported),
              AllOf(HasSubstr("pg_dump 9.6.24 is older than the server (" + server().run_sql("postgres", "SELECT split_part(current_setting('server_version'), ' ', 1)") + ")"),
                    HasSubstr("install postgresql-client-" + server().run_sql("postgres", "SELECT current_setting('server_version_num')::int / 10000")),
                    HasSubstr("CAIRN_PG_DUMP")));
  for (const std::string& path : {none.path(), std::string("/nonexistent/pg_dump")}) {
    chosen.pg_dump = path;
    EXPECT_THAT(failure_of([&] { open_postgres(chosen, notes_); }, ErrorCode::kUnsupported), HasSubstr("is no pg_dump that runs here"));
  }
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

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

TEST(LiveWithPassword, ChildrenDoNotShowIt) {
  if (!PostgresServer::missing().empty()) GTEST_SKIP() << "SKIPPED: " << PostgresServer::missing();
  PostgresServer::Options server_options;
  server_options.hba = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
  const PostgresServer server(server_options);
  server.run_sql("postgres", "CREATE ROLE keeper SUPERUSER LOGIN PASSWORD 'a:b\\c''hush hush'; CREATE TABLE t AS SELECT generate_series(1, 10) a");
  Notes notes;
  const std::string at = "@127.0.0.1:" + std::to_string(server.port());
  // By the URL, and by the environment, which children would inherit.
  for (const std::string& url : {"postgresql://keeper:a%3Ab%5Cc'hush%20hush" + at, "postgresql://keeper" + at}) {
    ::setenv("PGPASSWORD", "a:b\\c'hush hush", 1);
    for (const char* database : {"", "/postgres"}) {
      // A program that shows what it was given, before it does what it should.
      const TempDir shown;
      const FakeProgram program("case \"$1\" in --version) exec " + PostgresServer::tools_bin() + "/pg_dump --version;; esac\n" + "cat /proc/$$/cmdline /proc/$$/environ >> " +
                                shown.path().string() + "/seen\nexec " + PostgresServer::tools_bin() + "/${0##*/} \"$@\"");
      std::filesystem::copy(program.path(), std::filesystem::path(program.path()).parent_path() / "pg_dumpall");
      const PostgresSourceOptions options{.url = PostgresUrl(url + database), .excluded = {}, .pg_dump = program.path(), .workers = 2};
      EXPECT_THAT(read_rest(*open_postgres(options, notes)), HasSubstr("\n10\n\\."));
      EXPECT_THAT(content_of(shown / "seen"), AllOf(HasSubstr("passfile='/proc/self/fd/3'"), HasSubstr("PATH="), Not(HasSubstr("hush"))));
    }
    ::unsetenv("PGPASSWORD");
    if (url.find("hush") == std::string::npos) continue;
    const PostgresSourceOptions wrong{.url = PostgresUrl("postgresql://keeper:hush" + at), .excluded = {}, .pg_dump = "", .workers = 1};
    EXPECT_THAT(failure_of([&] { open_postgres(wrong, notes); }), AllOf(HasSubstr("password authentication failed"), Not(HasSubstr("hush"))));
  }
  EXPECT_THAT(notes.warnings_, Not(HasSubstr("hush")));
}

TEST(PlanOfCopies, SplitsWhatIsLarge) {
  const TableData small{.heading = "", .relation = "public.t", .columns = "a, b", .condition = "", .page_count = 10, .data_bytes = 80000, .heap = true};
  TableData large = small;
  large.page_count = 4099;
  large.data_bytes = 4099 * 8192;
  const std::vector<TableData> tables = {small, large};
  const std::vector<CopyJob> jobs = plan_copies(tables, true);
  ASSERT_EQ(jobs.size(), 5U);
  EXPECT_EQ(copy_statement(small, jobs[0]), "COPY public.t (a, b) TO STDOUT");
  EXPECT_EQ(copy_statement(large, jobs[1]), "COPY (SELECT a, b FROM ONLY public.t WHERE ctid < '(1024,0)') TO STDOUT");
  EXPECT_EQ(copy_statement(large, jobs[2]), "COPY (SELECT a, b FROM ONLY public.t WHERE ctid >= '(1024,0)' AND ctid < '(2048,0)') TO STDOUT");
  EXPECT_EQ(copy_statement(large, jobs[4]), "COPY (SELECT a, b FROM ONLY public.t WHERE ctid >= '(3072,0)') TO STDOUT");
  EXPECT_EQ(plan_copies(tables, false).size(), 2U);
  large.heap = false;
  EXPECT_EQ(plan_copies({large}, true).size(), 1U);
  TableData configuration = large;
  configuration.condition = "WHERE a > 1";
  EXPECT_EQ(copy_statement(configuration, plan_copies({configuration}, true)[0]), "COPY (SELECT a, b FROM public.t WHERE a > 1) TO STDOUT");
}

TEST(OrderAfterNeeds, KeepsWhatItCan) {
  EXPECT_THAT(order_after_needs(4, {}), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(order_after_needs(4, {{0, 2}}), ElementsAre(2, 0, 1, 3));
  EXPECT_THAT(order_after_needs(3, {{0, 1}, {1, 2}, {0, 2}, {0, 2}, {1, 1}}), ElementsAre(2, 1, 0));
  EXPECT_EQ(order_after_needs(3, {{0, 1}, {1, 0}}).size(), 3U);
}

TEST(ScriptHead, EndsAtTheFirstEntry) {
  const std::string head = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n-- Dumped from database version 17.1\n-- Dumped by pg_dump version 17.1\n\n"
                           "SET statement_timeout = 0;\nSET transaction_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n\n";
  for (const std::string rest : {"SET default_tablespace = '';\n\n", "--\n-- Name: x; Type: INDEX; Schema: public; Owner: y\n--\n",
                                 "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n"}) {
    EXPECT_EQ(script_head_bytes(head + rest), head.size()) << rest;
  }
  EXPECT_EQ(script_head_bytes(head), head.size());
}

}  // namespace
}  // namespace cairn
