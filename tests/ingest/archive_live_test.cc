// Archives as the installed pg_dump writes them, against the installed pg_restore.
#include "ingest/postgres/dump_source.h"
#include "tests/ingest/archive_fixture.h"
#include "tests/ingest/postgres_server.h"

namespace cairn {
namespace {

constexpr const char* kOdd = "dbname='We\"ird \\'db\\\\'";
constexpr const char* kOddName = "We\"ird 'db\\";

class ArchiveLive : public PostgresTest {
 protected:
  static void SetUpTestSuite() {
    PostgresTest::SetUpTestSuite();
    if (!PostgresServer::missing().empty()) return;
    server().run_sql("postgres", "CREATE DATABASE \"We\"\"ird 'db\\\"");
    server().run_file(kOdd, archive_data("archive_database.sql"));
    server().run_sql("postgres", "CREATE DATABASE bench");
    server().run_sql("bench",
                     "CREATE TABLE numbers AS SELECT g AS id, md5(g::text) AS hash, repeat(' ', 84) AS filler FROM generate_series(1, 60000) g;"
                     "CREATE TABLE bytes AS SELECT g AS id, decode(repeat(md5(g::text), 2000), 'hex') AS b FROM generate_series(1, 40) g;"
                     "CREATE TABLE long AS SELECT repeat('x', 3000000) AS line; CREATE TABLE none();"
                     "SELECT lo_from_bytea(77, decode(repeat(md5('x'), 20000), 'hex'))");
  }
  // The archive in a file or directory of its own.
  std::string dumped(std::vector<std::string> args, const std::string& database) {
    const std::string path = folder_ / std::to_string(++count_);
    args.insert(args.end(), {"-f", path, "-d", database});
    server().dump(args);
    return path;
  }
  static std::string restored(const std::string& path) {
    const auto output = server().tool("pg_restore", {"-C", "-f", "-", path});
    EXPECT_EQ(output.exit_status, 0) << output.err;
    return output.out;
  }
  static TakenIn checked(const std::string& path) {
    TakenIn in = std::filesystem::is_directory(path) ? round_trip_directory(path) : round_trip(file_contents(path));
    EXPECT_TRUE(comparable(in.rendering()) == comparable(restored(path))) << path;
    EXPECT_TRUE(in.parts.ended) << in.parts.problem;
    EXPECT_FALSE(in.parts.parts.empty());
    return in;
  }
  const TempDir folder_;
  int count_ = 0;
};

TEST_F(ArchiveLive, EveryFormatIsRenderedAsPgRestoreDoesAndComesBack) {
  for (const char* database : {kOdd, "bench"}) {
    for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
             {"-Fc"}, {"-Fc", "-Z0"}, {"-Fc", "-Z1"}, {"-Fc", "-Z9"}, {"-Fc", "--inserts"}, {"-Fc", "--column-inserts"},
             {"-Fc", "-s"}, {"-Fc", "-a"}, {"-Fc", "--no-owner", "--no-acl"}, {"-Fc", "--load-via-partition-root"},
             {"-Ft"}, {"-Fd"}, {"-Fd", "-Z0"}, {"-Fd", "-Z3", "-j", "2"},
             {"-Ft", "--rows-per-insert=7"}, {"-Fd", "-Z0", "--inserts"}, {"-Fd", "--inserts", "--on-conflict-do-nothing"}}) {
      SCOPED_TRACE(args.back() + " of " + database);
      const TakenIn in = checked(dumped(args, database));
      // The framing, the list of large objects; a tar's headers and its script besides.
      EXPECT_LT(in.verbatim_bytes(), args[0] == "-Ft" ? 60'000U : 400U);
    }
  }
}

TEST_F(ArchiveLive, AnArchiveThroughAPipeComesBack) {
  const std::string command = PostgresServer::tools_bin() + "/pg_dump -h " + server().socket_folder() + " -p " +
                              std::to_string(server().port()) + " -U postgres -Fc bench";
  std::string archive(1 << 16, '\0');
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  size_t size = 0;
  while (const size_t got = std::fread(archive.data() + size, 1, archive.size() - size, pipe)) {
    size += got;
    if (size == archive.size()) archive.resize(2 * size);
  }
  EXPECT_EQ(::pclose(pipe), 0);
  archive.resize(size);
  const TakenIn in = round_trip(archive);
  EXPECT_TRUE(in.parts.ended) << in.parts.problem;
  EXPECT_EQ(in.parts.warnings, std::vector<std::string>());
  EXPECT_LT(in.verbatim_bytes(), 400U);
}

TEST_F(ArchiveLive, ItsRowsAreThoseOfThePlainDump) {
  for (const char* database : {kOdd, "bench"}) {
    const std::string plain_dump = server().dump({"-C", "-d", database});
    size_t at = 0;
    const auto source = make_dump_source(
        [&](std::span<uint8_t> into) {
          const size_t size = std::min(into.size(), plain_dump.size() - at);
          std::memcpy(into.data(), plain_dump.data() + at, size);
          at += size;
          return size;
        },
        "component");
    const TakenIn plain = take_in(*source);
    for (const char* format : {"-Fc", "-Ft", "-Fd"}) {
      const TakenIn in = checked(dumped({format}, database));
      EXPECT_EQ(in.parts.parts.size(), plain.parts.parts.size());
      for (const Part& part : plain.parts.parts) {
        SCOPED_TRACE(part.name);
        const Part* same = in.part(part.name);
        ASSERT_TRUE(same);
        EXPECT_TRUE(in.text_of(same->extents) == plain.text_of(part.extents));
        EXPECT_EQ(text(same->preamble), text(part.preamble));
      }
    }
  }
}

TEST_F(ArchiveLive, NamesItsDatabaseAndVersions) {
  const TakenIn in = checked(dumped({"-Fc"}, kOdd));
  EXPECT_TRUE(in.part(std::string(kOddName) + ".sql"));
  const std::string all = server().run_sql("postgres", "SHOW server_version"), version = all.substr(0, all.find(' '));
  EXPECT_TRUE(std::ranges::any_of(in.parts.properties, [&](const auto& one) { return one.second.find(version) != std::string::npos; }));
}

}  // namespace
}  // namespace cairn
