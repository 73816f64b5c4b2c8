#include "ingest/postgres/server/plan.h"

#include "tests/ingest/parts_fixture.h"

namespace cairn {
namespace {

class ServerPlan : public PartsTest {
 protected:
  RestorePlan plan(const std::vector<std::string>& paths, const std::optional<std::string>& url_database = "there") {
    const Manifest snapshot = commit();
    ChunkReader reader(repository().backend(), repository().keys(), repository().index(), 1 << 20);
    CatalogueReader catalogue(reader.object_source(), snapshot.components.front().catalogue, stream_.size());
    return plan_restore(catalogue, snapshot.components.front(), paths, options_, url_database);
  }
  std::string refused(const std::vector<std::string>& paths, ErrorCode code = ErrorCode::kInvalidArgument) {
    std::string message;
    EXPECT_EQ(code_thrown_by([&] { plan(paths); }, &message), code) << message;
    return message;
  }
  // "element>target[+] part part; …"
  static std::string told(const RestorePlan& plan) {
    std::string out = plan.globals ? "globals; " : "";
    for (const DatabaseJob& job : plan.jobs) {
      out += job.element + ">" + job.target + (job.create ? "+" : "");
      for (const Part& part : job.parts) out += " " + part.name;
      out += "; ";
    }
    return out;
  }
  PostgresRestoreOptions options_;
};

TEST_F(ServerPlan, WhatPathsMean) {
  make_dump();
  EXPECT_EQ(told(plan({})), "globals; shop> shop.sql; ");
  EXPECT_EQ(told(plan({"", "dump.sql"}, {})), "globals; shop>shop shop.sql; ");
  EXPECT_EQ(told(plan({"shop"})), "shop> shop.sql; ");
  EXPECT_EQ(told(plan({"shop.sql"}, {})), "shop>shop shop.sql; ");
  EXPECT_EQ(told(plan({"shop/app/two", "/shop/./app//one.sql", "shop/app/two.sql"})), "shop> shop/app/two.sql shop/app/one.sql; ");
  EXPECT_EQ(told(plan({"shop/app/two", "shop"})), "shop> shop.sql; ");
  EXPECT_EQ(told(plan({"shop/app", "zoo/public/a"}, {})), "shop>shop shop/app.sql; zoo>zoo zoo/public/a.sql; ");
  EXPECT_EQ(told(plan({"globals.sql"})), "globals; ");
  EXPECT_NE(refused({"shop/app/three"}, ErrorCode::kNotFound).find("db/shop/app/three"), std::string::npos);
  refused({"shop/app/.links/two_one"}, ErrorCode::kNotFound);
  refused({"shop.create.sql"});
}

TEST_F(ServerPlan, SeveralDatabasesDoNotGoIntoOne) {
  make_dump();
  const std::string why = refused({"shop/app", "zoo/public/a"});
  EXPECT_NE(why.find("the URL names database there, but parts of 2 databases"), std::string::npos) << why;
  // What the environment or a service may say is for one.
  EXPECT_EQ(told(plan({"shop/app", "zoo/public/a"}, "")), "shop>shop shop/app.sql; zoo>zoo zoo/public/a.sql; ");
  EXPECT_EQ(told(plan({"shop/app"}, "")), "shop> shop/app.sql; ");
  EXPECT_EQ(told(plan({"globals", "shop/app/one"})), "globals; shop> shop/app/one.sql; ");
}

TEST_F(ServerPlan, RowsAlone) {
  make_dump();
  const RestorePlan rows = plan({"shop/app/one.copy"});
  EXPECT_TRUE(rows.data_only);
  EXPECT_EQ(told(rows), "shop> shop/app/one.sql; ");
  EXPECT_NE(refused({"shop/app/one.copy", "shop/app/two"}).find("two restores"), std::string::npos);
  options_.data_only = true;
  EXPECT_EQ(told(plan({})), "shop> shop.sql; ");
}

TEST_F(ServerPlan, OptionsThatDoNotFit) {
  make_dump();
  options_.create = true;
  EXPECT_EQ(told(plan({"shop"})), "shop>shop+ shop.sql; ");
  refused({"shop/app/one"});
  refused({"globals.sql"});
  options_.rename = "other";
  EXPECT_EQ(told(plan({"shop"})), "shop>other+ shop.sql; ");
  refused({"shop", "zoo/public/a"});
  options_.data_only = true;
  refused({"shop"});
  options_ = {};
  options_.into_schema = "s";
  EXPECT_EQ(schema_of(plan({"shop/app/one", "shop/app/two"}).jobs.front()), "app");
  EXPECT_EQ(schema_of(plan({"shop/app"}).jobs.front()), "app");
  refused({"shop"});
  refused({"shop/app", "shop/odd name"});
  refused({});
}

TEST_F(ServerPlan, TheServersOwnDatabasesAreNotMade) {
  part("globals.sql", "globals", "", {});
  for (const char* name : {"postgres.sql", "template1.sql", "shop.sql"}) part(name, "database", "", {});
  options_.create = true;
  EXPECT_EQ(told(plan({})), "globals; postgres>postgres postgres.sql; shop>shop+ shop.sql; template1>template1 template1.sql; ");
}

TEST_F(ServerPlan, WhatWasAskedFor) {
  make_dump();
  part("shop/app/t.sql", "function", "", {});
  part("shop/app/t.table.sql", "table", "", {});
  part("shop/app/f(integer).sql", "function", "", {});
  const DatabaseJob tables = plan({"shop/app/one", "shop/app/t.table.sql", "shop/app/f(integer).sql"}).jobs.front();
  EXPECT_TRUE(is_asked_for(tables, "TABLE", "app", "one"));
  EXPECT_TRUE(is_asked_for(tables, "TABLE", "app", "t"));
  EXPECT_TRUE(is_asked_for(tables, "FUNCTION", "app", "f"));
  EXPECT_FALSE(is_asked_for(tables, "TABLE", "app", "two"));
  EXPECT_FALSE(is_asked_for(tables, "TABLE", "app", "on"));
  EXPECT_FALSE(is_asked_for(tables, "TABLE", "public", "one"));
  const DatabaseJob schema = plan({"shop/app"}).jobs.front();
  EXPECT_TRUE(is_asked_for(schema, "TYPE", "app", "mood"));
  EXPECT_FALSE(is_asked_for(schema, "TYPE", "public", "mood"));
  EXPECT_TRUE(is_asked_for(plan({"shop"}).jobs.front(), "CAST", "", ""));
}

}  // namespace
}  // namespace cairn
