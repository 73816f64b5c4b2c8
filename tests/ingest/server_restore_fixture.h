// A repository with a dump as a backup leaves it, and a real server to restore it into.
#pragma once

#include "ingest/postgres/dump_scanner.h"
#include "ingest/postgres/parts.h"
#include "ingest/postgres/server/server_restore.h"
#include "tests/ingest/parts_fixture.h"
#include "tests/ingest/postgres_server.h"

namespace cairn {

class ServerRestoreTest : public PartsTest {
 protected:
  static void SetUpTestSuite() {
    if (PostgresServer::missing().empty()) slot() = std::make_unique<PostgresServer>();
  }
  static void TearDownTestSuite() { slot().reset(); }
  void SetUp() override {
    if (!slot()) GTEST_SKIP() << "SKIPPED: " << PostgresServer::missing();
  }
  static PostgresServer& server() { return *slot(); }

  // The dump as component "db" of a snapshot.
  Manifest take(const std::string& dump) {
    DumpScanner scanner;
    std::vector<Mark> marks;
    scanner.scan(view(dump), marks);
    const DumpOutline outline = scanner.finish();
    EXPECT_FALSE(scanner.failed()) << scanner.why_failed();
    StreamParts found = parts_of_dump(outline, "db");
    stream_ = dump;
    parts_ = std::move(found.parts);
    component_.properties = std::move(found.properties);
    component_.properties["original"] = "dump.sql";
    return commit("db");
  }

  // A database with nothing in it; its name.
  std::string fresh(const std::string& name) {
    server().run_sql("postgres", "DROP DATABASE IF EXISTS \"" + name + "\"");
    server().run_sql("postgres", "CREATE DATABASE \"" + name + "\" TEMPLATE template0");
    return name;
  }
  PostgresRestoreResult restore_into(const std::string& database, const Manifest& snapshot, const std::vector<std::string>& parts) {
    options_.url = server().url(database);
    return restore_to_postgres(repository(), snapshot, "db", parts, options_, notes_);
  }
  std::string failure(const std::string& database, const Manifest& snapshot, const std::vector<std::string>& parts) {
    std::string message;
    code_thrown_by([&] { restore_into(database, snapshot, parts); }, &message);
    return message;
  }
  // What pg_dump says of a database, without what differs from run to run.
  static std::string dump_of(const std::string& database, std::vector<std::string> args = {}) {
    args.insert(args.end(), {"--restrict-key=x", database});
    return server().dump(args);
  }
  static std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
  }

  PostgresRestoreOptions options_;
  BackupNotes notes_;

 private:
  static std::unique_ptr<PostgresServer>& slot() {
    static std::unique_ptr<PostgresServer> one;
    return one;
  }
};

}  // namespace cairn
