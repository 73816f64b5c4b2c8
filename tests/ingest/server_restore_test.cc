#include "tests/ingest/server_restore_fixture.h"

namespace cairn {
namespace {

class ServerRestore : public ServerRestoreTest {
 protected:
  // Two tables with a foreign key between them, a type, a view, and what else a table has.
  void make_shop() {
    fresh("shop");
    server().run_script("shop", R"(
      CREATE SCHEMA app;
      CREATE TYPE app.mood AS ENUM ('good', 'bad');
      CREATE TABLE app.customer (id serial PRIMARY KEY, name text NOT NULL, mood app.mood DEFAULT 'good');
      CREATE TABLE app.bill (id int PRIMARY KEY, customer int NOT NULL REFERENCES app.customer, total numeric);
      CREATE INDEX ON app.bill (customer);
      CREATE VIEW app.totals AS SELECT c.name, sum(b.total) FROM app.customer c JOIN app.bill b ON b.customer = c.id GROUP BY 1;
      CREATE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
      COMMENT ON TABLE app.bill IS E'one\n\\! touch PWNED\n-- Name: x; Type: TABLE; Schema: y; Owner: z';
      INSERT INTO app.customer (name, mood) SELECT 'n' || g, 'bad' FROM generate_series(1, 100) g;
      INSERT INTO app.bill SELECT g, 1 + g % 100, g / 10.0 FROM generate_series(1, 500) g;
    )");
  }
};

TEST_F(ServerRestore, ADatabaseComesBackAsItWas) {
  make_shop();
  const std::string before = dump_of("shop");
  const Manifest snapshot = take(before);
  const PostgresRestoreResult result = restore_into(fresh("copy"), snapshot, {});
  EXPECT_EQ(dump_of("copy"), before);
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(result.databases, 1u);
  EXPECT_EQ(result.tables, 2u);
  EXPECT_EQ(result.rows, 600u);
  EXPECT_EQ(joined(result.warnings) + notes_.all(), "");
  EXPECT_EQ(notes_.bytes_done, notes_.bytes_total);
  ASSERT_EQ(result.targets.size(), 1u);
  EXPECT_TRUE(result.targets[0].starts_with("database copy at 127.0.0.1:")) << result.targets[0];
  EXPECT_EQ(result.targets[0].find("user"), std::string::npos) << result.targets[0];
}

TEST_F(ServerRestore, DumpsOfInsertsToo) {
  make_shop();
  const PostgresRestoreResult result = restore_into(fresh("copy"), take(dump_of("shop", {"--inserts"})), {});
  EXPECT_EQ(dump_of("copy"), dump_of("shop"));
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(result.rows, 600u);
}

TEST_F(ServerRestore, WhatDumpsDropIsNotDropped) {
  make_shop();
  const Manifest snapshot = take(dump_of("shop", {"--clean", "--if-exists"}));
  EXPECT_NE(failure("shop", snapshot, {}).find("--clean replaces what is there"), std::string::npos);
  EXPECT_EQ(server().run_sql("shop", "SELECT count(*) FROM app.bill"), "500");
  restore_into(fresh("copy"), snapshot, {});
  EXPECT_EQ(dump_of("copy"), dump_of("shop"));

  stream_ = "DROP TABLE IF EXISTS app.bill CASCADE;\nALTER TABLE app.customer DROP CONSTRAINT customer_pkey CASCADE;\nSELECT 1;\n";
  parts_ = {{"shop.sql", "database", {}, {{0, stream_.size()}}, {}}};
  restore_into("shop", commit("db"), {"shop"});
  EXPECT_EQ(dump_of("copy"), dump_of("shop"));
}

TEST_F(ServerRestore, LargeObjects) {
  fresh("shop");
  server().run_sql("shop", "SELECT lo_from_bytea(4242, '\\x0102030405'::bytea), lo_from_bytea(4243, decode(repeat('41', 40000), 'hex'))");
  const Manifest snapshot = take(dump_of("shop"));
  restore_into(fresh("copy"), snapshot, {});
  EXPECT_EQ(server().run_sql("copy", "SELECT md5(lo_get(4242)), md5(lo_get(4243))"), server().run_sql("shop", "SELECT md5(lo_get(4242)), md5(lo_get(4243))"));
  options_.clean = true;
  server().run_sql("copy", "SELECT lo_put(4242, 0, '\\xff')");
  restore_into("copy", snapshot, {});
  EXPECT_EQ(dump_of("copy"), dump_of("shop"));
}

TEST_F(ServerRestore, AFailureLeavesEverythingAsItWas) {
  make_shop();
  const Manifest snapshot = take(dump_of("shop"));
  fresh("copy");
  server().run_sql("copy", "CREATE SCHEMA app; CREATE TABLE app.bill (mine int); INSERT INTO app.bill VALUES (7)");
  const std::string why = failure("copy", snapshot, {});
  EXPECT_TRUE(why.starts_with("the server says: relation \"bill\" already exists; ")) << why;
  EXPECT_NE(why.find("; in db/db.sql at byte "), std::string::npos) << why;
  EXPECT_NE(why.find(": CREATE TABLE app.bill (; nothing"), std::string::npos) << why;
  EXPECT_NE(why.find("already exists"), std::string::npos) << why;
  EXPECT_NE(why.find("--clean"), std::string::npos) << why;
  EXPECT_NE(why.find("nothing was changed in database copy"), std::string::npos) << why;
  EXPECT_EQ(server().run_sql("copy", "SELECT mine FROM app.bill"), "7");
  EXPECT_EQ(server().run_sql("copy", "SELECT count(*) FROM pg_class WHERE relname = 'customer'"), "0");
}

TEST_F(ServerRestore, CleanReplacesTheWholeContent) {
  make_shop();
  const std::string before = dump_of("shop");
  const Manifest snapshot = take(before);
  server().run_script("shop", R"(
    DELETE FROM app.bill WHERE id > 10;
    CREATE VIEW public.mine AS SELECT count(*) FROM app.bill;
    ALTER TABLE app.customer ADD COLUMN later text;
  )");
  options_.clean = true;
  const PostgresRestoreResult result = restore_into("shop", snapshot, {});
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(dump_of("shop"), before);
  EXPECT_TRUE(BackupNotes::any_has(result.warnings, "view public.mine depended on")) << joined(result.warnings);
  EXPECT_TRUE(BackupNotes::any_has(result.warnings, "app.customer.later")) << joined(result.warnings);
}

TEST_F(ServerRestore, OneTableKeepsItsKeysAndLeavesOthersAlone) {
  make_shop();
  const std::string before = dump_of("shop");
  const Manifest snapshot = take(before);
  server().run_sql("shop", "UPDATE app.customer SET name = 'spoilt'; UPDATE app.bill SET total = 0");
  options_.clean = true;
  const PostgresRestoreResult result = restore_into("shop", snapshot, {"db/app/customer"});
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(result.tables, 1u);
  EXPECT_EQ(result.rows, 100u);
  EXPECT_EQ(server().run_sql("shop", "SELECT count(*) FROM app.customer WHERE name = 'spoilt'"), "0");
  EXPECT_EQ(server().run_sql("shop", "SELECT count(*) FROM app.bill WHERE total = 0"), "500");
  EXPECT_EQ(server().run_sql("shop", "SELECT conname FROM pg_constraint WHERE contype = 'f'"), "bill_customer_fkey");
  EXPECT_TRUE(BackupNotes::any_has(result.warnings, "app.totals depended on")) << joined(result.warnings);
}

TEST_F(ServerRestore, SeveralTablesComeWithTheKeysBetweenThem) {
  make_shop();
  const Manifest snapshot = take(dump_of("shop"));
  fresh("copy");
  const PostgresRestoreResult result = restore_into("copy", snapshot, {"db/app/bill", "db/app/customer.sql"});
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(result.rows, 600u);
  EXPECT_EQ(server().run_sql("copy", "SELECT conname FROM pg_constraint WHERE contype = 'f'"), "bill_customer_fkey");
  EXPECT_EQ(server().run_sql("copy", "INSERT INTO app.customer (name) VALUES ('new') RETURNING id"), "101");
  // One alone, onto a server that has nothing: without the key, which needs the other.
  const PostgresRestoreResult alone = restore_into(fresh("copy"), snapshot, {"db/app/bill"});
  EXPECT_EQ(alone.rows, 500u);
  EXPECT_EQ(joined(alone.warnings), "FOREIGN KEY bill_customer_fkey was left out: app.customer isn't there (--with-dependencies brings it)\n");
  EXPECT_EQ(server().run_sql("copy", "SELECT count(*) FROM pg_constraint WHERE contype = 'f'"), "0");
  options_.with_dependencies = true;
  const PostgresRestoreResult more = restore_into(fresh("copy"), snapshot, {"db/app/bill"});
  EXPECT_EQ(more.rows, 600u);
  EXPECT_EQ(joined(more.warnings), "");
  EXPECT_EQ(server().run_sql("copy", "SELECT conname FROM pg_constraint WHERE contype = 'f'"), "bill_customer_fkey");
}

TEST_F(ServerRestore, WhatIsThereAndOnlyNeededStaysAsItIs) {
  make_shop();
  const Manifest snapshot = take(dump_of("shop"));
  server().run_sql("shop", "DROP TABLE app.bill CASCADE");
  server().run_sql("shop", "UPDATE app.customer SET name = 'later'");
  options_.with_dependencies = true;
  const PostgresRestoreResult result = restore_into("shop", snapshot, {"db/app/bill"});
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(result.rows, 500u);
  EXPECT_EQ(server().run_sql("shop", "SELECT count(*) FROM app.customer WHERE name = 'later'"), "100");
  EXPECT_EQ(server().run_sql("shop", "SELECT conname FROM pg_constraint WHERE contype = 'f'"), "bill_customer_fkey");
  EXPECT_TRUE(BackupNotes::any_has(result.tolerated, "app.customer")) << joined(result.tolerated);
}

TEST_F(ServerRestore, DataOnly) {
  make_shop();
  const std::string before = dump_of("shop");
  const Manifest snapshot = take(before);
  options_.data_only = true;
  // Bills come before customers in a dump: their keys are looked at when all are there.
  server().run_sql("shop", "DELETE FROM app.bill; DELETE FROM app.customer; ALTER SEQUENCE app.customer_id_seq RESTART");
  PostgresRestoreResult result = restore_into("shop", snapshot, {});
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(dump_of("shop"), before);

  EXPECT_NE(failure("shop", snapshot, {}).find("duplicate key"), std::string::npos);
  options_.clean = true;
  server().run_sql("shop", "UPDATE app.customer SET name = 'spoilt'");
  result = restore_into("shop", snapshot, {"db/app"});
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(dump_of("shop"), before);
  // Emptying one alone would break the other.
  EXPECT_NE(failure("shop", snapshot, {"db/app/customer"}).find("nothing was changed"), std::string::npos);
  options_.data_only = false;
  server().run_sql("shop", "DELETE FROM app.bill WHERE id < 100");
  result = restore_into("shop", snapshot, {"db/app/bill.copy"});
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(dump_of("shop"), before);
  EXPECT_NE(failure(fresh("copy"), snapshot, {"db/app/bill.copy"}).find("has no such table: rows (.copy) need the table"), std::string::npos);
  server().run_sql("copy", "CREATE SCHEMA app; CREATE TABLE app.customer (id int, name text, mood text)");
  options_.clean = false;
  const std::string why = failure("copy", snapshot, {"db/app/customer.copy"});
  EXPECT_NE(why.find("the table that is there has no such sequence"), std::string::npos) << why;
}

TEST_F(ServerRestore, IntoAnotherSchema) {
  make_shop();
  const std::string before = dump_of("shop");
  const Manifest snapshot = take(before);
  options_.into_schema = "old Bills";
  PostgresRestoreResult result = restore_into("shop", snapshot, {"db/app/bill", "db/app/customer"});
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(result.rows, 600u);
  EXPECT_EQ(server().run_sql("shop", "INSERT INTO \"old Bills\".customer (name) VALUES ('new') RETURNING id, mood"), "101|good");
  EXPECT_EQ(server().run_sql("shop", "SELECT last_value FROM app.customer_id_seq"), "100");
  EXPECT_EQ(server().run_sql("shop", "SELECT confrelid::regclass FROM pg_constraint WHERE contype = 'f' AND conrelid = '\"old Bills\".bill'::regclass"),
            "\"old Bills\".customer");
  server().run_sql("shop", "DROP SCHEMA \"old Bills\" CASCADE");
  EXPECT_EQ(dump_of("shop"), before);

  result = restore_into("shop", snapshot, {"db/app"});
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  EXPECT_EQ(server().run_sql("shop", "SELECT pg_get_viewdef('\"old Bills\".totals') ~ 'FROM .\"old Bills\".customer'"), "t");
  EXPECT_EQ(server().run_sql("shop", "SELECT count(*) FROM pg_proc WHERE proname = 'twice'"), "2");
  EXPECT_NE(failure("shop", snapshot, {}).find("--into-schema is for tables of one schema"), std::string::npos);
}

TEST_F(ServerRestore, VersionsAreLookedAtFirst) {
  make_shop();
  std::string dump = dump_of("shop");
  const size_t version = dump.find("-- Dumped from database version 1");
  dump.replace(version, 34, "-- Dumped from database version 99");
  const size_t set = dump.find("SET client_encoding");
  dump.insert(set, "SET transaction_timeout = 0;\nSET from_the_future = 'x';\n");
  Manifest snapshot = take(dump);
  PostgresRestoreResult result = restore_into(fresh("copy"), snapshot, {});
  EXPECT_TRUE(result.complete());
  EXPECT_TRUE(BackupNotes::any_has(result.warnings, "the dump is of PostgreSQL 99")) << joined(result.warnings);
  EXPECT_TRUE(BackupNotes::any_has(result.warnings, "from_the_future")) << joined(result.warnings);
  EXPECT_EQ(notes_.warnings_, result.warnings);
  EXPECT_EQ(dump_of("copy"), dump_of("shop"));

  options_.expect_version = "2024.2";
  EXPECT_NE(failure("copy", snapshot, {}).find("whose version the dump doesn't tell"), std::string::npos);
  component_.properties["app"] = "authentik";
  component_.properties["app.version"] = "2025.1";
  snapshot = commit("db");
  const std::string why = failure("copy", snapshot, {});
  EXPECT_NE(why.find("authentik version 2025.1, in place of version 2024.2"), std::string::npos) << why;
}

TEST_F(ServerRestore, RolesThatAreNotThereAreTold) {
  make_shop();
  server().run_sql("shop", "CREATE ROLE passing; ALTER TABLE app.bill OWNER TO passing; GRANT SELECT ON app.customer TO passing");
  const Manifest snapshot = take(dump_of("shop"));
  server().run_sql("shop", "DROP OWNED BY passing CASCADE");
  server().run_sql("shop", "DROP ROLE passing");
  const PostgresRestoreResult result = restore_into(fresh("copy"), snapshot, {});
  EXPECT_TRUE(result.complete()) << joined(result.mismatches);
  ASSERT_EQ(result.warnings.size(), 1u) << joined(result.warnings);
  EXPECT_NE(result.warnings[0].find("role passing isn't on the server: 2 statements"), std::string::npos) << result.warnings[0];
}

TEST_F(ServerRestore, ByTheOwnerOfTheDatabase) {
  make_shop();
  const Manifest snapshot = take(dump_of("shop"));
  server().run_sql("postgres", "CREATE ROLE keeper LOGIN");
  fresh("copy");
  server().run_sql("postgres", "ALTER DATABASE copy OWNER TO keeper");
  options_.url = server().url("copy", "keeper");
  server().run_sql("copy", "CREATE SCHEMA app; GRANT ALL ON SCHEMA app TO keeper; CREATE TABLE app.bill (a int)");
  options_.clean = true;
  std::string why;
  code_thrown_by([&] { restore_to_postgres(repository(), snapshot, "db", {}, options_, notes_); }, &why);
  EXPECT_NE(why.find("must be owner of table bill; restore as its owner or a superuser"), std::string::npos) << why;
  server().run_sql("copy", "DROP SCHEMA app CASCADE");
  for (const bool clean : {false, true}) {
    options_.clean = clean;
    const PostgresRestoreResult result = restore_to_postgres(repository(), snapshot, "db", {}, options_, notes_);
    EXPECT_TRUE(result.complete()) << joined(result.mismatches);
    ASSERT_EQ(result.warnings.size(), 1u) << joined(result.warnings);
    EXPECT_NE(result.warnings[0].find("user keeper may not give away owners"), std::string::npos) << result.warnings[0];
    EXPECT_EQ(dump_of("copy", {"--no-owner"}), dump_of("shop", {"--no-owner"}));
  }
}

TEST_F(ServerRestore, WhatDiffersAfterwardsIsTold) {
  make_shop();
  const Manifest snapshot = take(dump_of("shop"));
  for (Part& part : parts_)
    if (part.name == "db/app/bill.sql") part.properties["rows"] = "501";
  EXPECT_EQ(joined(restore_into(fresh("copy"), commit("db"), {}).mismatches), "table app.bill: holds 500 rows, but 501 are in the snapshot\n");
  // A trigger that throws rows away.
  options_.data_only = options_.clean = true;
  server().run_script("copy", "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id > 100 THEN RETURN NULL; END IF; RETURN NEW; END';"
                              "CREATE TRIGGER no BEFORE INSERT ON app.bill FOR EACH ROW EXECUTE FUNCTION no();");
  const PostgresRestoreResult result = restore_into("copy", snapshot, {"db/app/bill"});
  EXPECT_FALSE(result.complete());
  EXPECT_EQ(joined(result.mismatches), "table app.bill: holds 100 rows, but 500 are in the snapshot\n");
  // Where the snapshot doesn't tell, what was sent is compared with what is there.
  options_.data_only = false;
  stream_ = "CREATE TABLE public.short (a int);\nCREATE RULE r AS ON INSERT TO public.short DO INSTEAD NOTHING;\nINSERT INTO public.short VALUES (1), (2);\n";
  parts_ = {{"shop.sql", "database", {}, {{0, stream_.size()}}, {}}};
  EXPECT_EQ(joined(restore_into(fresh("copy"), commit("db"), {"shop"}).mismatches), "table public.short: holds 0 rows, but 2 were loaded\n");
}

TEST_F(ServerRestore, DryRunsChangeNothing) {
  make_shop();
  const Manifest snapshot = take(dump_of("shop"));
  options_.dry_run = options_.clean = true;
  restore_into(fresh("copy"), snapshot, {"db/app/bill", "db/app/customer"});
  EXPECT_EQ(joined(notes_.items_), "would restore db/db/app/bill.sql\nwould restore db/db/app/customer.sql\n");
  EXPECT_EQ(server().run_sql("copy", "SELECT count(*) FROM pg_namespace WHERE nspname = 'app'"), "0");
  EXPECT_NE(failure("copy", snapshot, {"db/app/nothing"}).find("is not a database, a schema or a table"), std::string::npos);
}

TEST_F(ServerRestore, AServerThatGoesAwayAndAPersonWhoStops) {
  make_shop();
  server().run_sql("shop", "INSERT INTO app.bill SELECT g, 1, 0 FROM generate_series(1000, 200000) g");
  const Manifest snapshot = take(dump_of("shop", {"--create"}));
  // Somebody throws the connection out while rows are on their way.
  fresh("copy");
  uint64_t thrown_out = 0;
  notes_.on_check_ = [&](uint64_t) {
    if (notes_.bytes_done < 1 << 20 || thrown_out > 0) return;
    thrown_out = 1;
    server().run_sql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'copy'");
  };
  std::string why = failure("copy", snapshot, {"shop"});
  EXPECT_EQ(thrown_out, 1u);
  EXPECT_NE(why.find("nothing was changed in database copy"), std::string::npos) << why;
  EXPECT_EQ(server().run_sql("copy", "SELECT count(*) FROM pg_namespace WHERE nspname = 'app'"), "0");

  notes_.bytes_done = 0;
  notes_.on_check_ = [&](uint64_t) {
    if (notes_.bytes_done >= 1 << 20) throw Error(ErrorCode::kInterrupted, "asked to stop");
  };
  why = failure("copy", snapshot, {"shop"});
  EXPECT_NE(why.find("asked to stop; nothing was changed in database copy"), std::string::npos) << why;
  EXPECT_EQ(server().run_sql("copy", "SELECT count(*) FROM pg_namespace WHERE nspname = 'app'"), "0");
  // Nor is a new database left behind, or the old one gone.
  options_.create = options_.clean = true;
  notes_.bytes_done = 0;
  why = failure("postgres", snapshot, {"shop"});
  EXPECT_NE(why.find("asked to stop"), std::string::npos) << why;
  EXPECT_NE(why.find("the old one is as it was"), std::string::npos) << why;
  EXPECT_EQ(server().run_sql("postgres", "SELECT count(*) FROM pg_database WHERE datname ~ 'cairn'"), "0");
  EXPECT_EQ(server().run_sql("shop", "SELECT count(*) FROM app.customer"), "100");
  options_.rename = "newer";
  notes_.bytes_done = 0;
  why = failure("postgres", snapshot, {"shop"});
  EXPECT_NE(why.find("it is not on the server"), std::string::npos) << why;
  EXPECT_EQ(server().run_sql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'newer'"), "0");
}

TEST_F(ServerRestore, KeysThatAreLookedAtLast) {
  fresh("shop");
  server().run_sql("shop", "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);"
                           "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)");
  const Manifest snapshot = take(dump_of("shop"));
  server().run_sql("shop", "DELETE FROM b");
  server().run_sql("shop", "DELETE FROM a");
  options_.data_only = true;
  const std::string why = failure("shop", snapshot, {"db/public/b"});
  EXPECT_NE(why.find("violates foreign key constraint"), std::string::npos) << why;
  EXPECT_NE(why.find("nothing was changed in database shop"), std::string::npos) << why;
  EXPECT_TRUE(restore_into("shop", snapshot, {}).complete());
  EXPECT_EQ(server().run_sql("shop", "SELECT condeferrable AND condeferred FROM pg_constraint WHERE contype = 'f'"), "t");
}

TEST_F(ServerRestore, OldStringsWithBackslashes) {
  fresh("copy");
  stream_ = "SET standard_conforming_strings = off;\nSET escape_string_warning = off;\nCREATE TABLE public.t (a text);\n"
            "INSERT INTO public.t VALUES ('it\\'s; \\\\');\nSET client_encoding = 'LATIN1';\nCOPY public.t (a) FROM stdin;\n\xe4\n\\.\n";
  parts_ = {{"shop.sql", "database", {}, {{0, stream_.size()}}, {}}};
  EXPECT_TRUE(restore_into("copy", commit("db"), {"shop"}).complete());
  EXPECT_EQ(server().run_sql("copy", "SELECT a FROM t"), "it's; \\\nä");
}

}  // namespace
}  // namespace cairn
