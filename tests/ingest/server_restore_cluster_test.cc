#include <algorithm>
#include <filesystem>
#include <sstream>

#include "ingest/postgres/connection.h"
#include "ingest/postgres/postgres_url.h"
#include "store/error.h"
#include "tests/ingest/server_restore_fixture.h"

namespace cairn {
namespace {

// Two servers: one is dumped, the other restored into.
class ClusterRestore : public ServerRestoreTest {
 protected:
  static std::string contents(const std::string& file) {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  // The command that its documentation gives to users of authentik.
  static std::string documented_dump(const PostgresServer& from) { return from.dumpall({"--verbose", "--clean"}); }
  PostgresRestoreResult restore_all(const PostgresServer& into, const Manifest& snapshot) {
    options_.url = into.url();
    return restore_to_postgres(repository(), snapshot, "db", {}, options_, notes_);
  }
  // Databases as pg_dump sees them, and roles.
  static std::string state(const PostgresServer& of) {
    std::string out = of.run_sql("postgres", "SELECT rolname, rolcanlogin, rolpassword IS NULL FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1");
    for (const std::string& database : std::vector<std::string>{"authentik", "We\"ird db", "legacy", "postgres"})
      out += of.dump({"--create", "--restrict-key=x", "-d", "dbname='" + database + "'"});
    // Rows of a table that is partitioned by hash of an enum go to other partitions on another server.
    std::vector<std::string> lines;
    std::istringstream in(out);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    std::ranges::sort(lines);
    return joined(lines);
  }
};

TEST_F(ClusterRestore, TheDocumentedDumpOntoAnEmptyServerAndOntoItself) {
  const PostgresServer origin, target;
  origin.run_file("postgres", std::string(CAIRN_TESTS) + "/fixtures/postgres_traps.sql");
  const std::string before = state(origin);
  const Manifest snapshot = take(documented_dump(origin));
  options_.clean = options_.create = true;

  PostgresRestoreResult result = restore_all(target, snapshot);
  EXPECT_TRUE(result.complete()) << joined(result.mismatches) << notes_.all();
  EXPECT_EQ(state(target), before);
  EXPECT_EQ(joined(result.tolerated), "");
  EXPECT_EQ(std::ranges::count(result.warnings, "role postgres is the one this restore runs as: it keeps its password and rights here"), 1);
  ASSERT_EQ(result.targets.size(), result.databases);
  EXPECT_TRUE(BackupNotes::any_has(result.targets, "database authentik at 127.0.0.1:")) << joined(result.targets);
  EXPECT_GE(result.databases, 3u);

  target.run_sql("authentik", "DROP TABLE public.authentik_core_user CASCADE");
  result = restore_all(target, snapshot);
  EXPECT_TRUE(result.complete()) << joined(result.mismatches) << notes_.all();
  EXPECT_EQ(state(target), before);
  EXPECT_EQ(target.run_sql("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE 'cairn%'"), "0");
}

TEST_F(ClusterRestore, WithoutCleanNothingThatIsThereIsTouched) {
  const PostgresServer origin, target;
  origin.run_file("postgres", std::string(CAIRN_TESTS) + "/fixtures/postgres_traps.sql");
  const Manifest snapshot = take(documented_dump(origin));
  target.run_sql("postgres", "CREATE ROLE authentik NOLOGIN");
  target.run_sql("postgres", "CREATE DATABASE authentik");
  target.run_sql("authentik", "CREATE TABLE mine (a int)");

  PostgresRestoreResult result = restore_all(target, snapshot);
  EXPECT_EQ(result.failed, 2u) << notes_.all();   // two databases aren't there; this one is filled
  EXPECT_TRUE(BackupNotes::any_has(notes_.errors_, "--create makes it")) << notes_.all();
  EXPECT_TRUE(BackupNotes::any_has(result.warnings, "role authentik is on the server already")) << joined(result.warnings);
  EXPECT_EQ(target.run_sql("postgres", "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'authentik'"), "t");
  EXPECT_EQ(target.run_sql("authentik", "SELECT count(*) FROM mine"), "0");
  EXPECT_EQ(target.run_sql("authentik", "SELECT count(*) FROM app.big"), "20000");

  options_.create = true;
  result = restore_all(target, snapshot);
  EXPECT_EQ(result.failed, 1u);
  EXPECT_TRUE(BackupNotes::any_has(notes_.errors_, "--clean replaces it")) << notes_.all();
  EXPECT_EQ(target.run_sql("We\"ird db", "SELECT 1"), "1");
}

// Who restores stays who they were: with the dump's attributes they would be locked out.
TEST_F(ClusterRestore, TheRoleOfTheRestoreKeepsItsRights) {
  const PostgresServer origin, target;
  origin.run_sql("postgres", "CREATE ROLE keeper NOLOGIN PASSWORD 'theirs'; CREATE ROLE other");
  target.run_sql("postgres", "CREATE ROLE keeper SUPERUSER LOGIN PASSWORD 'mine'");
  const std::string state_of_keeper = "SELECT rolsuper, rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'keeper'";
  const std::string before = target.run_sql("postgres", state_of_keeper);
  const Manifest snapshot = take(documented_dump(origin));
  options_.url = target.url("", "keeper");
  options_.clean = true;
  const PostgresRestoreResult result = restore_to_postgres(repository(), snapshot, "db", {"globals"}, options_, notes_);
  EXPECT_EQ(target.run_sql("postgres", state_of_keeper), before);
  EXPECT_EQ(target.run_sql("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'other'"), "1");
  EXPECT_TRUE(BackupNotes::any_has(result.warnings, "role keeper is the one this restore runs as: it keeps")) << joined(result.warnings);
}

TEST_F(ClusterRestore, NothingThatNamesHoldIsRunHere) {
  const PostgresServer origin, target;
  const std::string evil = "\"x\n\\! touch PWNED\"";
  for (const std::string& sql : std::vector<std::string>{"CREATE ROLE " + evil, "CREATE TABLE " + evil + " (a int)", "INSERT INTO " + evil + " VALUES (1)",
                                "ALTER TABLE " + evil + " OWNER TO " + evil})
    origin.run_sql("postgres", sql);
  std::filesystem::remove("PWNED");
  const PostgresRestoreResult result = restore_all(target, take(documented_dump(origin)));
  EXPECT_TRUE(result.complete()) << joined(result.mismatches) << notes_.all();
  EXPECT_FALSE(std::filesystem::exists("PWNED"));
  EXPECT_EQ(target.run_sql("postgres", "SELECT count(*) FROM " + evil), "1");
  EXPECT_EQ(target.run_sql("postgres", "SELECT tableowner = E'x\\n\\\\! touch PWNED' FROM pg_tables WHERE tablename ~ 'PWNED'"), "t");
}

// A dump as nobody's pg_dump writes it: psql would run its backslash commands.
TEST_F(ClusterRestore, ADumpMadeByHandRunsNothing) {
  fresh("copy");
  for (const std::string& command : std::vector<std::string>{"\\! touch PWNED", "\\connect postgres", "\\copy t FROM PROGRAM 'touch PWNED'", "\\i /etc/passwd", "\\o |touch PWNED",
                                    "\\set x `touch PWNED`", "\\gexec"}) {
    stream_ = "SET client_encoding = 'UTF8';\nCREATE TABLE t (a int);\n" + command + "\n";
    parts_ = {{"shop.sql", "database", {}, {{0, stream_.size()}}, {}}};
    const std::string why = failure("copy", commit("db"), {"shop"});
    EXPECT_NE(why.find("byte 54: the backslash command"), std::string::npos) << why;
    EXPECT_NE(why.find(command.substr(0, 4)), std::string::npos) << why;
    EXPECT_EQ(server().run_sql("copy", "SELECT count(*) FROM pg_class WHERE relname = 't'"), "0");
  }
  EXPECT_FALSE(std::filesystem::exists("PWNED"));
}

// The text of a database's create part is executed outside of it, where nothing can be taken back.
TEST_F(ClusterRestore, ThePartThatMakesADatabaseMakesThatOneOnly) {
  fresh("prod");
  server().run_sql("postgres", "DROP DATABASE IF EXISTS shop");
  const std::filesystem::path made = server().socket_folder() + "/pwned";
  options_.create = true;
  const std::string header = "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\n--\n-- Name: shop; Type: DATABASE; Schema: -; Owner: postgres\n--\n\n"
                             "CREATE DATABASE shop WITH TEMPLATE = template0;\n";
  for (const std::string& evil : std::vector<std::string>{"COPY (SELECT 1) TO PROGRAM 'touch " + made.string() + "';", "ALTER DATABASE prod RENAME TO gone;", "CREATE ROLE evil SUPERUSER LOGIN;",
                                                          "ALTER DATABASE shop RENAME TO gone;"}) {
    const std::string why = failure("postgres", take(header + evil + "\n\n\\connect shop\n\nSET lock_timeout = 0;\n\n--\n-- PostgreSQL database dump complete\n--\n\n"), {"shop"});
    const std::string reason = evil.starts_with("COPY") ? ": COPY that isn't FROM stdin: no dump holds one, and none is obeyed; not run: " + evil
                                                        : ": not about database shop; not run: " + evil;
    EXPECT_NE(why.find(reason), std::string::npos) << why;
    EXPECT_TRUE(why.starts_with("db/shop.create.sql at byte ")) << why;
    EXPECT_EQ(server().run_sql("postgres", "SELECT datname FROM pg_database WHERE datname IN ('shop', 'prod', 'gone')"), "prod") << evil;
    EXPECT_EQ(server().run_sql("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'evil'"), "0") << evil;
  }
  EXPECT_FALSE(std::filesystem::exists(made));
}

TEST_F(ClusterRestore, GlobalsAreRolesAndTablespaces) {
  fresh("prod");
  for (const std::string& evil : std::vector<std::string>{"ALTER DATABASE prod RENAME TO gone;", "ALTER SYSTEM SET work_mem = '1MB';", "CREATE TABLE pwned (a int);"}) {
    stream_ = "SET client_encoding = 'UTF8';\nCREATE ROLE fine;\n" + evil + "\n";
    parts_ = {{"globals.sql", "globals", {}, {{0, stream_.size()}}, {}}};
    const std::string why = failure("postgres", commit("db"), {"globals"});
    EXPECT_EQ(why, "db/globals.sql at byte 48: not about roles and tablespaces; not run: " + evil);
    server().run_sql("postgres", "DROP ROLE fine");
  }
  EXPECT_EQ(server().run_sql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'prod'"), "1");
  EXPECT_EQ(server().run_sql("postgres", "SELECT count(*) FROM pg_class WHERE relname = 'pwned'"), "0");
}

// One transaction, whatever the dump says of its own.
TEST_F(ClusterRestore, ADumpCanNotEndTheTransaction) {
  fresh("copy");
  for (const std::string& end : std::vector<std::string>{"COMMIT;", "END;", "ROLLBACK;", "ABORT;", "ROLLBACK AND CHAIN;", "SAVEPOINT a;", "RELEASE cairn_attempt;", "PREPARE TRANSACTION 'x';",
                                                         // one statement for psql, three for the server
                                                         "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1'; COMMIT; END;"}) {
    stream_ = "CREATE TABLE t (a int);\n" + end + "\nCREATE TABLE u (a nothing);\n";
    parts_ = {{"shop.sql", "database", {}, {{0, stream_.size()}}, {}}};
    const std::string why = failure("copy", commit("db"), {"shop"});
    const bool several = end.starts_with("CREATE");
    EXPECT_NE(why.find(several ? "cannot insert multiple commands" : "type \"nothing\" does not exist"), std::string::npos) << end << why;
    EXPECT_NE(why.find("nothing was changed in database copy"), std::string::npos) << why;
    EXPECT_EQ(server().run_sql("copy", "SELECT count(*) FROM pg_class WHERE relname IN ('t', 'u')"), "0") << end;
  }
}

TEST_F(ClusterRestore, CopyIsOfRowsInTheDump) {
  fresh("copy");
  const std::filesystem::path made = server().socket_folder() + "/pwned";
  for (const std::string& copy : std::vector<std::string>{"COPY (SELECT 1) TO PROGRAM 'touch " + made.string() + "';", "COPY t FROM '/etc/passwd';", "COPY t TO '" + made.string() + "';"}) {
    stream_ = "CREATE TABLE t (a text);\n" + copy + "\n";
    parts_ = {{"shop.sql", "database", {}, {{0, stream_.size()}}, {}}};
    const std::string why = failure("copy", commit("db"), {"shop"});
    EXPECT_TRUE(why.starts_with("db/shop.sql at byte 25: COPY that isn't FROM stdin: no dump holds one, and none is obeyed; not run: COPY ")) << why;
    EXPECT_NE(why.find("nothing was changed in database copy"), std::string::npos) << why;
    EXPECT_FALSE(std::filesystem::exists(made)) << copy;
  }
}

// One statement at a time for the server, whatever is in the string; and what it says of the transaction is believed.
TEST_F(ClusterRestore, OneStatementAtATime) {
  PostgresConnection connection(PostgresUrl(server().url(fresh("copy"))).parameters(), std::nullopt, notes_);
  EXPECT_EQ(connection.transaction(), PostgresTransaction::kNone);
  connection.exec("BEGIN");
  EXPECT_FALSE(connection.try_exec_one("CREATE TABLE t (a int);"));
  EXPECT_EQ(connection.transaction(), PostgresTransaction::kOpen);
  connection.begin_copy_in("COPY t FROM stdin;");
  connection.put_copy(view("1\n2\n"));
  EXPECT_EQ(connection.end_copy_in(), 2u);
  const auto refused = connection.try_exec_one("SELECT 1; COMMIT");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->sqlstate, "42601");
  EXPECT_EQ(connection.transaction(), PostgresTransaction::kFailed);
  connection.exec("ROLLBACK");
  EXPECT_EQ(connection.transaction(), PostgresTransaction::kNone);
  EXPECT_THROW(connection.begin_copy_in("CREATE TABLE u (a int); COPY u FROM stdin"), Error);
  EXPECT_EQ(connection.query("SELECT count(*) FROM pg_class WHERE relname IN ('t', 'u')").text(0, 0), "0");
}

TEST_F(ClusterRestore, CreateRenameAndReplace) {
  fresh("shop");
  server().run_sql("shop", "CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 10)");
  const Manifest snapshot = take(dump_of("shop", {"--create"}));
  server().run_sql("postgres", "DROP DATABASE IF EXISTS other");
  options_.create = true;
  EXPECT_NE(failure("postgres", snapshot, {"shop"}).find("database shop: is on the server already"), std::string::npos);
  options_.create = false;
  options_.rename = "nowhere";
  EXPECT_NE(failure("postgres", snapshot, {"shop/public/t"}).find("make it first (createdb nowhere)"), std::string::npos);
  options_.create = true;

  options_.rename = "other";
  EXPECT_TRUE(restore_into("postgres", snapshot, {"shop"}).complete());
  EXPECT_EQ(dump_of("other"), dump_of("shop"));

  server().run_sql("other", "DROP TABLE t");
  options_.clean = true;
  EXPECT_TRUE(restore_into("postgres", snapshot, {"shop"}).complete());
  EXPECT_EQ(dump_of("other"), dump_of("shop"));
  options_.create = options_.clean = false;
  options_.rename = "nowhere";
  EXPECT_NE(failure("postgres", snapshot, {"shop"}).find("--create makes it"), std::string::npos);
}

TEST_F(ClusterRestore, WhatCanNotBeLoadedDoesNotReplaceADatabase) {
  fresh("shop");
  server().run_sql("shop", "CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 10)");
  std::string dump = dump_of("shop", {"--create"});
  const size_t row = dump.find("\n7\n");
  ASSERT_NE(row, std::string::npos);
  const Manifest snapshot = take(dump.replace(row, 3, "\nx\n"));
  options_.create = options_.clean = true;
  const std::string why = failure("postgres", snapshot, {"shop"});
  EXPECT_NE(why.find("invalid input syntax"), std::string::npos) << why;
  EXPECT_NE(why.find("the old one is as it was"), std::string::npos) << why;
  EXPECT_EQ(server().run_sql("shop", "SELECT count(*) FROM t"), "10");
  EXPECT_EQ(server().run_sql("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE 'cairn%'"), "0");
}

// Everything odd that a database may hold, replaced piece by piece where it is.
TEST_F(ClusterRestore, EveryTableOfTheTrapsInItsPlace) {
  PostgresServer::Options logical;
  logical.config = "wal_level = logical\n";
  const PostgresServer origin(logical);
  origin.run_file("postgres", std::string(CAIRN_TESTS) + "/fixtures/postgres_traps.sql");
  const std::string before = state(origin);
  const Manifest snapshot = take(documented_dump(origin));
  options_.url = origin.url("authentik");
  options_.clean = true;
  PostgresRestoreResult result = restore_to_postgres(repository(), snapshot, "db", {"authentik"}, options_, notes_);
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(joined(result.warnings), "");
  EXPECT_EQ(state(origin), before);
  size_t tables = 0;
  for (const Part& part : parts_) {
    if (part.kind != "table" || !part.name.starts_with("authentik/")) continue;
    SCOPED_TRACE(part.name);
    ++tables;
    result = restore_to_postgres(repository(), snapshot, "db", {part.name}, options_, notes_);
    EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  }
  EXPECT_GT(tables, 30u);
  // What CASCADE took comes back with everything.
  result = restore_to_postgres(repository(), snapshot, "db", {"authentik"}, options_, notes_);
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(state(origin), before);

  options_.data_only = true;
  result = restore_to_postgres(repository(), snapshot, "db", {"authentik"}, options_, notes_);
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(state(origin), before);
}

}  // namespace
}  // namespace cairn
