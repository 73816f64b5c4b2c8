#include "ingest/postgres/live/dump_programs.h"

#include <gmock/gmock.h>

#include "ingest/postgres/live/live_source.h"
#include "tests/ingest/live_fixture.h"
#include "tests/ingest/postgres_server.h"

namespace cairn {
namespace {

using ::testing::AllOf, ::testing::HasSubstr, ::testing::Not;

TEST(DumpPrograms, TooOldOrNone) {
  Notes notes;
  const FakeProgram old("echo 'pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)'"), other("echo hello");
  EXPECT_EQ(find_dump_programs(150020, "15.20", old.path(), notes).pg_dump, old.path());
  EXPECT_EQ(find_dump_programs(130001, "13.1", old.path(), notes).pg_dumpall, old.path() + "all");
  EXPECT_EQ(failure_of([&] { find_dump_programs(180004, "18.4 (Debian 18.4-1)", old.path(), notes); }, ErrorCode::kUnsupported),
            "pg_dump 15.18 is older than the server (18.4): install postgresql-client-18, or name one with CAIRN_PG_DUMP");
  for (const std::string& path : {other.path(), std::string("/nonexistent/pg_dump")}) {
    EXPECT_THAT(failure_of([&] { find_dump_programs(180004, "18.4", path, notes); }, ErrorCode::kUnsupported),
                AllOf(HasSubstr(path + " is no pg_dump that runs here"), HasSubstr("install postgresql-client-18")));
  }
}

TEST(DumpPrograms, OfTheServersVersionBeforeNewerOnes) {
  Notes notes;
  const FakeProgram older("echo 'pg_dump (PostgreSQL) 91.9'"), same("echo 'pg_dump (PostgreSQL) 92.3'"), same_newer("echo 'pg_dump (PostgreSQL) 92.10'"),
      newer("echo 'pg_dump (PostgreSQL) 93.0'"), newest("echo 'pg_dump (PostgreSQL) 94beta1'");
  const std::string kept = std::getenv("PATH");
  std::string path;
  for (const FakeProgram* one : {&newest, &newer, &same, &older, &same_newer}) path += std::filesystem::path(one->path()).parent_path().string() + ":";
  ::setenv("PATH", (path + kept).c_str(), 1);
  EXPECT_EQ(find_dump_programs(920001, "92.1", "", notes).pg_dump, same_newer.path());
  EXPECT_EQ(find_dump_programs(930001, "93.1", "", notes).pg_dump, newer.path());
  EXPECT_EQ(find_dump_programs(940000, "94beta1", "", notes).pg_dump, newest.path());
  EXPECT_THAT(failure_of([&] { find_dump_programs(950000, "95.0", "", notes); }, ErrorCode::kUnsupported), HasSubstr("pg_dump 94beta1 is older than the server (95.0)"));
  ::setenv("PATH", kept.c_str(), 1);
}

TEST(ProgramLogin, RefusesWhatNoFileCanHold) {
  failure_of([] { ProgramLogin(PostgresParameters{{"password", "two\nlines"}}); }, ErrorCode::kInvalidArgument);
}

TEST(ProgramLogin, SecretsAreInAFile) {
  Notes notes;
  const FakeProgram program("tr '\\0' ' ' < /proc/$$/cmdline; echo; cat $PGSERVICEFILE");
  const ProgramLogin login(PostgresParameters{{"host", "h"}, {"scram_client_key", "hush"}, {"sslpassword", "hush too"}});
  const std::string seen = read_rest(*login.run("program", program.path(), "d", {}, notes));
  EXPECT_THAT(seen, HasSubstr("\n[cairn]\nscram_client_key=hush\nsslpassword=hush too\n"));
  EXPECT_THAT(seen.substr(0, seen.find("\n[cairn]")), AllOf(HasSubstr("host='h'"), HasSubstr("service='cairn'"), Not(HasSubstr("hush"))));
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

TEST(ProgramLogin, ChildrenDoNotShowIt) {
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

}  // namespace
}  // namespace cairn
