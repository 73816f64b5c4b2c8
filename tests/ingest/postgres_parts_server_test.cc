// The parts of real dumps, loaded by psql into new databases of the server that wrote them.
#include <algorithm>
#include <fstream>
#include <set>

#include "ingest/parts/names.h"
#include "tests/ingest/postgres_parts_fixture.h"
#include "tests/ingest/postgres_server.h"
#include "tests/ingest/rich_database.h"

namespace cairn {
namespace {

class PostgresPartsOnServer : public PostgresTest {
 protected:
  static void SetUpTestSuite() {
    PostgresTest::SetUpTestSuite();
    if (!PostgresServer::missing().empty()) return;
    server().run_sql("postgres", "CREATE ROLE alice LOGIN; CREATE ROLE bob");
    server().run_sql("postgres", "CREATE DATABASE rich TEMPLATE template0");
    server().run_script("rich", kRichDatabase);
  }

  // "": psql took it all.  The database "loaded" is new.
  std::string load(const std::string& sql) {
    server().tool("dropdb", {"--if-exists", "--force", "loaded"});
    EXPECT_EQ(server().tool("createdb", {"-T", "template0", "loaded"}).exit_status, 0);
    std::string file = folder_ / "part.sql";
    std::ofstream(file, std::ios::binary) << sql;
    PostgresServer::Output output = server().tool("psql", {"-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "loaded", "-f", file});
    return output.exit_status == 0 ? "" : output.err + "?";
  }

  // Of every table: its rows, and what its definition consists of.  `only`: without the rows of those that inherit from it.
  static std::string facts_of(const std::string& database, const std::string& table, bool only) {
    std::string quoted = table;
    for (size_t at = 0; (at = quoted.find('\'', at)) != std::string::npos; at += 2) quoted.insert(at, "'");
    std::string of = "'" + quoted + "'::regclass";
    return server().run_sql(database, "COPY (SELECT * FROM " + std::string(only ? "ONLY " : "") + table + " x ORDER BY x::text) TO STDOUT") +
           server().run_sql(database, "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = " + of + " ORDER BY 1") +
           server().run_sql(database, "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype <> 'f' AND conrelid = " + of + " ORDER BY 1") +
           server().run_sql(database, "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = " + of + " ORDER BY 1") +
           server().run_sql(database, "SELECT description FROM pg_description WHERE objoid = " + of + " ORDER BY 1") +
           server().run_sql(database, "SELECT relacl, relowner::regrole FROM pg_class WHERE oid = " + of) +
           server().run_sql(database, "SELECT attname, attacl, attidentity, attgenerated, format_type(atttypid, atttypmod) FROM pg_attribute"
                                      " WHERE attnum > 0 AND attrelid = " + of + " ORDER BY attnum");
  }

  // "S.T" as SQL writes it, of "db/S/T.sql".
  static std::string table_of(const std::string& part) {
    size_t schema = part.find('/') + 1, table = part.find('/', schema) + 1;
    auto quoted = [](const std::string& element) {
      std::string out;
      for (char c : unescape_part_name(element).value_or("?")) out += c == '"' ? std::string("\"\"") : std::string(1, c);
      return "\"" + out + "\"";
    };
    return quoted(part.substr(schema, table - schema - 1)) + "." + quoted(part.substr(table, part.size() - table - 4));
  }

  void check_parts(const DumpParts& dump) {
    size_t tables = 0;
    for (const auto& [name, part] : dump.parts) {
      if (part.kind != "table" && part.kind != "schema" && part.kind != "database" && part.kind != "type") continue;
      std::string problem = load(dump.rendered(name));
      ASSERT_EQ(problem, "") << name << "\n" << dump.rendered(name);
      if (part.kind != "table" || dump.property(name, "left_out").starts_with("rows")) continue;
      ++tables;
      bool parent = name == "rich/public/base.sql";
      EXPECT_EQ(facts_of("loaded", table_of(name), parent), facts_of("rich", table_of(name), parent)) << name;
    }
    EXPECT_GE(tables, 27U);
  }

  // What a restore with dependencies does: everything wanted, then the links all of whose needs are there.
  static std::string with_dependencies(const DumpParts& dump, const std::string& name) {
    auto lines = [&](const std::string& part, const char* key) {
      std::istringstream in(dump.property(part, key));
      std::vector<std::string> out;
      for (std::string line; std::getline(in, line);) out.push_back(line);
      return out;
    };
    std::set<std::string> chosen{name}, links;
    for (std::vector<std::string> work{name}; !work.empty();) {
      std::string at = work.back();
      work.pop_back();
      for (const std::string& wanted : lines(at, "wants")) {
        if (chosen.insert(wanted).second) work.push_back(wanted);
      }
      for (const std::string& link : lines(at, "links")) links.insert(link);
    }
    for (const std::string& link : links) {
      std::vector<std::string> needs = lines(link, "needs");
      bool all = std::all_of(needs.begin(), needs.end(), [&](const std::string& need) { return chosen.contains(need); });
      EXPECT_TRUE(all) << link << " wanted by " << name;
      if (all) chosen.insert(link);
    }
    std::vector<Extent> extents;
    std::string out;
    for (const std::string& part : chosen) {
      out += dump.preamble(part);
      const std::vector<Extent>& more = dump.at(part).extents;
      extents.insert(extents.end(), more.begin(), more.end());
    }
    std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) { return a.offset_bytes < b.offset_bytes; });
    uint64_t at = 0;
    for (const Extent& one : extents) {
      uint64_t begin = std::max(at, one.offset_bytes), end = one.offset_bytes + one.length_bytes;
      if (begin < end) out += dump.dump.substr(begin, end - begin);
      at = std::max(at, end);
    }
    return out;
  }

 private:
  TempDir folder_;
};

TEST_F(PostgresPartsOnServer, EachLoadAlone) { check_parts(parts_of_text(server().dump({"rich"}), "rich")); }
TEST_F(PostgresPartsOnServer, OfACleanDumpEachLoadAlone) { check_parts(parts_of_text(server().dump({"--clean", "--verbose", "rich"}), "rich")); }
TEST_F(PostgresPartsOnServer, OfInsertsEachLoadAlone) { check_parts(parts_of_text(server().dump({"--inserts", "rich"}), "rich")); }

TEST_F(PostgresPartsOnServer, LoadTogetherWithWhatTheyWant) {
  DumpParts dump = parts_of_text(server().dump({"rich"}), "rich");
  size_t parts = 0;
  for (const auto& [name, part] : dump.parts) {
    if (part.kind == "rows" || part.kind == "link" || part.kind == "database") continue;
    ++parts;
    EXPECT_EQ(load(with_dependencies(dump, name)), "") << name;
  }
  EXPECT_GE(parts, 70U);
}

TEST_F(PostgresPartsOnServer, OfAWholeDatabaseMakeItAgain) {
  // Rows of a table that is partitioned by the hash of an enum fall elsewhere in another database.
  server().run_sql("postgres", "CREATE DATABASE same TEMPLATE rich");
  server().run_sql("same", "DROP TABLE app.hp");
  for (const std::vector<std::string>& options : {std::vector<std::string>{}, {"--clean"}, {"--create", "--clean", "--if-exists", "--verbose"}}) {
    std::vector<std::string> args = options;
    args.push_back("same");
    DumpParts dump = parts_of_text(server().dump(args), "same");
    ASSERT_EQ(load(dump.rendered("same.sql")), "");
    EXPECT_EQ(server().dump({"--restrict-key=k", "loaded"}), server().dump({"--restrict-key=k", "same"}));
  }
}

TEST_F(PostgresPartsOnServer, OfAClusterAreThoseOfItsDatabases) {
  server().run_sql("postgres", "CREATE DATABASE \"We\"\"ird/db\"");
  server().run_sql("We\"ird/db", "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
  server().run_sql("postgres", "CREATE DATABASE globals");
  DumpParts dump = parts_of_text(server().dumpall({"--clean", "--verbose"}), "cluster");
  EXPECT_TRUE(dump.stream.ended) << dump.stream.problem;
  EXPECT_TRUE(dump.holds("globals.sql", "CREATE ROLE alice"));
  EXPECT_TRUE(dump.has("%67lobals.sql"));
  EXPECT_TRUE(dump.holds("We\"ird%2Fdb.create.sql", "CREATE DATABASE \"We\"\"ird/db\""));
  EXPECT_FALSE(dump.holds("rich.create.sql", "We\"\"ird"));
  EXPECT_EQ(dump.rendered("We\"ird%2Fdb/public/t.copy"), "1\n2\n");
  EXPECT_FALSE(dump.stream.properties["dump.time"].empty());
  ASSERT_EQ(load(dump.rendered("rich/public/users.sql")), "");
  EXPECT_EQ(server().run_sql("loaded", "SELECT count(*) FROM users"), "50");
}

}  // namespace
}  // namespace cairn
