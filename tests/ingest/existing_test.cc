#include "ingest/postgres/server/existing.h"

#include "ingest/postgres/postgres_url.h"
#include "store/error.h"
#include "tests/ingest/postgres_server.h"

namespace cairn {
namespace {

class Existing : public PostgresTest {
 protected:
  class Quiet : public Monitor {
   public:
    void error(const std::string&, const std::string&) override {}
    void warning(const std::string&) override {}
    void item(const std::string&, const std::string&, uint64_t) override {}
    void check_interrupted() override {}
  };
  PostgresConnection connect(const std::string& database) {
    server().run_sql("postgres", "DROP DATABASE IF EXISTS " + database);
    server().run_sql("postgres", "CREATE DATABASE " + database);
    return PostgresConnection(PostgresUrl(server().url(database)).parameters(), std::nullopt, quiet_);
  }
  Quiet quiet_;
};

TEST_F(Existing, DatabasesAndRelations) {
  PostgresConnection connection = connect("here");
  EXPECT_TRUE(database_exists(connection, "here"));
  EXPECT_FALSE(database_exists(connection, "it's not"));
  EXPECT_EQ(clients_of(connection, "here"), 1u);
  EXPECT_EQ(clients_of(connection, "template0"), 0u);
  connection.exec("CREATE SCHEMA \"a/b\"; CREATE TABLE \"a/b\".\"t\nu\" (id serial); CREATE VIEW v AS SELECT 1");
  const auto relations = relations_of(connection);
  EXPECT_EQ(relations.size(), 3u);
  ASSERT_TRUE(relations.contains("a%2Fb/t%0Au"));
  EXPECT_TRUE(relations.at("a%2Fb/t%0Au").table);
  EXPECT_EQ(relations.at("a%2Fb/t%0Au").name, (QualifiedName{"a/b", "t\nu"}));
  EXPECT_FALSE(relations.at("public/v").table);
}

TEST_F(Existing, NamesOfExtensions) {
  PostgresConnection connection = connect("here");
  connection.exec("CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('a')");
  const std::set<std::string> names = extension_names(connection, "public");
  EXPECT_TRUE(names.contains("citext"));
  EXPECT_TRUE(names.contains("~~*"));
  EXPECT_FALSE(names.contains("mood"));
  EXPECT_TRUE(extension_names(connection, "nowhere").empty());
}

TEST_F(Existing, WhatATransactionTakesAway) {
  PostgresConnection connection = connect("here");
  connection.exec("CREATE TABLE t (a int PRIMARY KEY, b int); CREATE TABLE u (t int REFERENCES t, n int DEFAULT 5); CREATE VIEW v AS SELECT a, b FROM t;"
                  "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE w (m mood, k int)");
  connection.exec("BEGIN");
  Losses losses(connection);
  EXPECT_TRUE(losses.gone(10).empty());
  connection.exec("DROP TABLE t CASCADE; CREATE TABLE t (a int PRIMARY KEY); DROP TYPE mood CASCADE");
  EXPECT_EQ(losses.gone(10), (std::vector<std::string>{"view public.v", "table column public.t.b", "table column public.w.m",
                                                       "table constraint u_t_fkey on public.u", "type public.mood"}));
  EXPECT_EQ(losses.gone(2).size(), 2u);
  connection.exec("COMMIT");
}

TEST_F(Existing, ForeignKeysAreLookedAtLate) {
  PostgresConnection connection = connect("here");
  connection.exec("CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (t int REFERENCES t)");
  const std::vector<QualifiedName> tables = {{"public", "t"}, {"public", "u"}};
  for (const bool good : {true, false}) {
    connection.exec("BEGIN");
    LateForeignKeys keys(connection, tables);
    connection.exec("INSERT INTO u VALUES (1)");
    if (good) connection.exec("INSERT INTO t VALUES (1)");
    if (good) keys.settle();
    else EXPECT_THROW(keys.settle(), Error);
    connection.exec("ROLLBACK");
  }
  connection.exec("BEGIN");
  LateForeignKeys(connection, tables).settle();
  connection.exec("COMMIT");
  EXPECT_EQ(connection.query("SELECT condeferrable OR condeferred FROM pg_constraint WHERE contype = 'f'").text(0, 0), "f");
}

}  // namespace
}  // namespace cairn
