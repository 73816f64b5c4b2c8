#include "ingest/postgres/connection.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "ingest/postgres/postgres_url.h"
#include "store/error.h"
#include "tests/ingest/live_fixture.h"
#include "tests/ingest/postgres_server.h"

namespace cairn {
namespace {

using ::testing::HasSubstr, ::testing::Not;

class ConnectionNotes : public Monitor {
 public:
  void error(const std::string& path, const std::string& message) override { ADD_FAILURE() << path << ": " << message; }
  void warning(const std::string& message) override { ADD_FAILURE() << message; }
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override {
    if (stop_) throw Error(ErrorCode::kInterrupted, "asked to stop");
  }
  std::atomic<bool> stop_{false};
};

// A variable of the environment for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST(Quoting, Doubles) {
  EXPECT_EQ(PostgresConnection::quote_identifier("We\"ird; db"), "\"We\"\"ird; db\"");
  EXPECT_EQ(PostgresConnection::quote_literal("it's"), "'it''s'");
  EXPECT_EQ(PostgresConnection::quote_literal("a\\'b"), "E'a\\\\''b'");
}

class Connection : public PostgresTest {
 protected:
  PostgresConnection connect(const std::string& database = "postgres") {
    return PostgresConnection(PostgresUrl(server().url()).parameters(), database, notes_);
  }
  ConnectionNotes notes_;
};

TEST_F(Connection, AnswersQueries) {
  auto connection = connect();
  const PostgresRows rows = connection.query("SELECT g, CASE g WHEN 2 THEN NULL ELSE 'x' || g END FROM generate_series(1, 3) g");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows.number(2, 0), 3U);
  EXPECT_EQ(rows.text(0, 1), "x1");
  EXPECT_TRUE(rows.null(1, 1));
  EXPECT_TRUE(rows.null(3, 0));
  EXPECT_EQ(rows.text(0, 2), "");
  failure_of([&] { rows.number(0, 1); }, ErrorCode::kCorrupt);
  EXPECT_EQ(connection.query("SELECT 1; SELECT 2").text(0, 0), "2");
  EXPECT_EQ(connection.query("SET work_mem = '4MB'").size(), 0U);
  EXPECT_GE(connection.server_version_num(), 130000);
  EXPECT_EQ(connection.server_version(), server().run_sql("postgres", "SHOW server_version"));
  EXPECT_EQ(connection.database(), "postgres");
  EXPECT_EQ(connection.query("SHOW application_name").text(0, 0), "cairn");
  failure_of([&] { connection.exec(std::string("SELECT 1\0 2", 11)); }, ErrorCode::kInvalidArgument);
}

TEST_F(Connection, TellsWhatTheServerRefuses) {
  auto connection = connect();
  const auto refused = connection.try_exec("CREATE ROLE postgres");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->sqlstate, "42710");
  EXPECT_EQ(refused->severity, "ERROR");
  EXPECT_FALSE(connection.try_exec("SELECT 1"));
  const std::string what = failure_of([&] { connection.exec("SELECT * FROM nowhere"); });
  EXPECT_THAT(what, HasSubstr("database \"postgres\" at 127.0.0.1:" + std::to_string(server().port()) + " as user \"postgres\": relation \"nowhere\""));
  EXPECT_EQ(connection.query("SELECT 7").text(0, 0), "7");  // still of use
}

TEST_F(Connection, PassesNoticesOn) {
  std::vector<std::string> seen;
  PostgresConnection connection(PostgresUrl(server().url("postgres")).parameters(), std::nullopt, notes_,
                                [&](const ServerMessage& message) { seen.push_back(message.severity + " " + message.text); });
  connection.exec("DO $$BEGIN RAISE NOTICE E'two\\nlines'; RAISE WARNING 'careful'; END$$");
  EXPECT_THAT(seen, ::testing::ElementsAre("NOTICE two lines", "WARNING careful"));
}

TEST_F(Connection, CopiesInAndOut) {
  auto connection = connect();
  connection.exec("CREATE TEMP TABLE t (a int, b text)");
  std::string rows;
  for (int i = 0; i < 200000; ++i) rows += std::to_string(i) + "\t" + std::string(static_cast<size_t>(i % 50), 'x') + "\n";
  connection.begin_copy_in("COPY t FROM STDIN");
  for (size_t at = 0; at < rows.size(); at += 99999) connection.put_copy(view(std::string_view(rows).substr(at, 99999)));
  EXPECT_EQ(connection.end_copy_in(), 200000U);

  connection.begin_copy_out("COPY (SELECT * FROM t ORDER BY a) TO STDOUT");
  std::string all, block;
  bool more = true;
  while (more) {
    block.clear();
    more = connection.copy_out(block, 10000);
    EXPECT_EQ(block.size() == 10000, more);
    all += block;
  }
  EXPECT_TRUE(all == rows);
  EXPECT_EQ(connection.query("SELECT count(*) FROM t").number(0, 0), 200000U);
}

TEST_F(Connection, CopyThatFailsLeavesItUsable) {
  auto connection = connect();
  connection.exec("CREATE TEMP TABLE t (a int)");
  connection.begin_copy_in("COPY t FROM STDIN");
  connection.put_copy(view("1\nno number\n"));
  EXPECT_THAT(failure_of([&] { connection.end_copy_in(); }), HasSubstr("COPY t, line 2, column a: \"no number\""));
  connection.begin_copy_in("COPY t FROM STDIN");
  connection.put_copy(view("1\n"));
  connection.abort_copy_in("the archive ended");
  EXPECT_EQ(connection.query("SELECT count(*) FROM t").number(0, 0), 0U);
  EXPECT_THAT(failure_of([&] { connection.begin_copy_out("COPY nowhere TO STDOUT"); }), HasSubstr("nowhere"));
  failure_of([&] { connection.begin_copy_out("SELECT 1"); }, ErrorCode::kInvalidArgument);
  connection.begin_copy_out("COPY (SELECT 1 / (g - 500) FROM generate_series(1, 1000) g) TO STDOUT");
  std::string block;
  EXPECT_THAT(failure_of([&] { connection.copy_out(block, 1 << 20); }), HasSubstr("division by zero"));
  EXPECT_EQ(connection.query("SELECT 1").number(0, 0), 1U);
}

TEST_F(Connection, InterruptionStopsTheServerToo) {
  std::jthread later;
  {
    auto connection = connect();
    later = std::jthread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      notes_.stop_ = true;
    });
    failure_of([&] { connection.exec("SELECT pg_sleep(60), 'a long sleep'"); }, ErrorCode::kInterrupted);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(server().run_sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%a long' || ' sleep%' AND state = 'active'"), "0");
}

TEST_F(Connection, LostConnectionIsSaid) {
  auto connection = connect();
  const std::string pid(connection.query("SELECT pg_backend_pid()").text(0, 0));
  server().run_sql("postgres", "SELECT pg_terminate_backend(" + pid + ")");
  const std::string what = failure_of([&] { connection.exec("SELECT 1"); });
  EXPECT_THAT(what, ::testing::AnyOf(HasSubstr("terminating connection"), HasSubstr("lost")));
}

TEST_F(Connection, GoesWhereLibpqGoes) {
  const TempDir folder;
  std::ofstream(folder / "services") << "[backup]\nhost=" << server().socket_folder() << "\nport=" << server().port() << "\nuser=postgres\ndbname=template1\n";
  const Variable file("PGSERVICEFILE", folder / "services");
  PostgresConnection by_service(PostgresUrl("postgresql:///?service=backup").parameters(), std::nullopt, notes_);
  EXPECT_EQ(by_service.database(), "template1");
  const PostgresParameters there = by_service.parameters();
  EXPECT_EQ(there.at("host"), server().socket_folder());
  EXPECT_EQ(there.at("port"), std::to_string(server().port()));
  EXPECT_FALSE(there.contains("service"));
  PostgresConnection again(there, "postgres", notes_);
  EXPECT_EQ(again.database(), "postgres");

  const Variable port("PGPORT", std::to_string(server().port())), host("PGHOST", "127.0.0.1"), user("PGUSER", "postgres");
  PostgresConnection by_environment(PostgresUrl("postgresql://").parameters(), std::nullopt, notes_);
  EXPECT_EQ(by_environment.parameters().at("hostaddr"), "127.0.0.1");
  EXPECT_THAT(by_environment.place(), HasSubstr("at 127.0.0.1:"));

  // Of two hosts the one that answers.
  PostgresConnection second(PostgresUrl("postgresql://postgres@127.0.0.1:1,127.0.0.1:" + std::to_string(server().port()) + "/postgres").parameters(),
                            std::nullopt, notes_);
  EXPECT_EQ(second.parameters().at("port"), std::to_string(server().port()));
}

TEST_F(Connection, FailuresSayWhereAndWhatToDo) {
  const auto failure = [&](const std::string& url) {
    return failure_of([&] { PostgresConnection(PostgresUrl(url).parameters(), std::nullopt, notes_); });
  };
  EXPECT_THAT(failure("postgresql://me:hidden1@127.0.0.1:1/d"), ::testing::AllOf(HasSubstr("database \"d\" at 127.0.0.1:1 as user \"me\""), HasSubstr("refused. Is the server running"), Not(HasSubstr("hidden1"))));
  EXPECT_THAT(failure(server().url("nowhere")), HasSubstr("database \"nowhere\" does not exist"));
  EXPECT_THAT(failure("postgresql:///?service=nowhere"), ::testing::StartsWith("PostgreSQL: "));
  EXPECT_THAT(failure(server().url("postgres") + "?sslmode=require"), HasSubstr("SSL"));
}

TEST(ConnectionWithPassword, FromUrlAndFile) {
  if (!PostgresServer::missing().empty()) GTEST_SKIP() << "SKIPPED: " << PostgresServer::missing();
  PostgresServer::Options options;
  options.hba = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
  const PostgresServer server(options);
  server.run_sql("postgres", "CREATE ROLE me LOGIN PASSWORD 'the:right\\one'");
  ConnectionNotes notes;
  const Variable nothing("PGPASSFILE", "/nonexistent");
  const auto failure = [&](const std::string& url) {
    return failure_of([&] { PostgresConnection(PostgresUrl(url).parameters(), std::nullopt, notes); });
  };
  const std::string at = "@127.0.0.1:" + std::to_string(server.port()) + "/postgres";
  EXPECT_THAT(failure("postgresql://me" + at), HasSubstr("put the password into ~/.pgpass"));
  EXPECT_THAT(failure("postgresql://me:the-wrong-one" + at),
              ::testing::AllOf(HasSubstr("password authentication failed"), HasSubstr("look at the password"), Not(HasSubstr("the-wrong-one"))));
  EXPECT_THAT(failure("postgresql://me:the%3Aright%5Cone@127.0.0.1:" + std::to_string(server.port()) + "/nope"),
              ::testing::AllOf(HasSubstr("\"nope\" does not exist"), Not(HasSubstr("password")), Not(HasSubstr("pgpass"))));
  PostgresConnection(PostgresUrl("postgresql://me:the%3Aright%5Cone" + at).parameters(), std::nullopt, notes).exec("SELECT 1");

  const TempDir folder;
  std::ofstream(folder / "pgpass") << "127.0.0.1:*:*:me:the\\:right\\\\one\n";
  std::filesystem::permissions(folder / "pgpass", std::filesystem::perms::owner_read);
  const Variable file("PGPASSFILE", folder / "pgpass");
  PostgresConnection connection(PostgresUrl("postgresql://me" + at).parameters(), std::nullopt, notes);
  EXPECT_EQ(connection.password(), "the:right\\one");
  EXPECT_EQ(connection.parameters().at("password"), "the:right\\one");
  // What a server says with the password in it (a user who made it a name) is passed on without.
  EXPECT_THAT(failure_of([&] { connection.exec("SELECT * FROM \"the:right\\one\""); }), ::testing::AllOf(HasSubstr("***"), Not(HasSubstr("the:right"))));
}

}  // namespace
}  // namespace cairn
