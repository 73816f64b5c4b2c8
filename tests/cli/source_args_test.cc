#include "cli/commands/source_args.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

SourceArguments with(const std::vector<std::string>& sources, const std::string& stdin_name, const std::string& command_name,
                     const std::vector<std::string>& command) {
  return {.sources = sources, .stdin_name = stdin_name, .command_name = command_name, .command = command, .exclude_databases = {}};
}

SourceSpec only(const std::string& argument, const std::string& stdin_name = "") {
  const auto specs = parse_sources(with({argument}, stdin_name, "", {}));
  EXPECT_EQ(specs.size(), 1u);
  return specs.at(0);
}

std::string refusal(const SourceArguments& arguments) {
  try {
    parse_sources(arguments);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "";
}
std::string refusal(const std::vector<std::string>& sources) { return refusal(with(sources, "", "", {})); }

TEST(SourceArgs, NameIsTheLastElementOfThePath) {
  EXPECT_EQ(only("/srv/app/media").name, "media");
  EXPECT_EQ(only("/srv/app/media///").name, "media");
  EXPECT_EQ(only("relative").name, "relative");
  EXPECT_EQ(only("/").name, "root");
  EXPECT_EQ(only("/srv/app/media/").path, "/srv/app/media/");
}

TEST(SourceArgs, DotIsNamedAfterTheRealDirectory) {
  TempDir folder;
  std::filesystem::create_directories(folder / "real/inner");
  EXPECT_EQ(only(folder / "real/.").name, "real");
  EXPECT_EQ(only(folder / "real/inner/..").name, "real");
  EXPECT_EQ(only("/.").name, "root");
}

TEST(SourceArgs, NameBeforeTheEqualsSign) {
  const SourceSpec spec = only("media=/srv/a=b");
  EXPECT_EQ(spec.kind, SourceSpec::Kind::kPath);
  EXPECT_EQ(spec.name, "media");
  EXPECT_EQ(spec.path, "/srv/a=b");
}

TEST(SourceArgs, EqualsSignInAPathIsNoName) {
  EXPECT_EQ(only("/srv/a=b").name, "a=b");
  EXPECT_EQ(only("./a=b").name, "a=b");
  EXPECT_EQ(only("a=").path, "a=");
}

TEST(SourceArgs, WhatExistsAsWrittenIsAPath) {
  TempDir folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  std::ofstream("x=y") << "z";
  const SourceSpec spec = only("x=y");
  const SourceSpec other = only("x=z");
  std::filesystem::current_path(before);
  EXPECT_EQ(spec.name, "x=y");
  EXPECT_EQ(spec.path, "x=y");
  EXPECT_EQ(other.path, "z");
}

TEST(SourceArgs, ShellCommandsAreNamedAfterTheirFirstWord) {
  const SourceSpec spec = only("exec:/usr/bin/pg_dumpall -U postgres");
  EXPECT_EQ(spec.kind, SourceSpec::Kind::kShell);
  EXPECT_EQ(spec.name, "pg_dumpall");
  EXPECT_EQ(spec.script, "/usr/bin/pg_dumpall -U postgres");
  EXPECT_EQ(only("exec: PGUSER=x  PGHOST=/y pg_dump db").name, "pg_dump");
  EXPECT_EQ(only("db=exec:pg_dump a=b").name, "db");
  EXPECT_EQ(only("db=exec:pg_dump a=b").script, "pg_dump a=b");
}

TEST(SourceArgs, DescriptionsKeepNoArguments) {
  EXPECT_EQ(only("exec:PGPASSWORD=canary pg_dump -h canary").description, "exec:pg_dump ...");
  EXPECT_EQ(only("exec:true").description, "exec:true");
  const auto specs = parse_sources(with({}, "", "db", {"/bin/mysqldump", "-pcanary"}));
  EXPECT_EQ(specs.at(0).description, "command:mysqldump ...");
}

TEST(SourceArgs, StandardInputHasItsOwnName) {
  EXPECT_EQ(only("-").name, "stdin");
  EXPECT_EQ(only("-", "db").name, "db");
  EXPECT_EQ(only("db=-").name, "db");
  EXPECT_EQ(only("db=-").kind, SourceSpec::Kind::kStdin);
  EXPECT_NE(refusal({"-", "other=-"}).find("only once"), std::string::npos);
  EXPECT_NE(refusal(with({"a=-"}, "b", "", {})).find("two names"), std::string::npos);
  EXPECT_NE(refusal(with({"/etc"}, "b", "", {})).find("write -"), std::string::npos);
}

TEST(SourceArgs, CommandJoinsTheOtherSources) {
  const auto specs = parse_sources(with({"/etc", "-"}, "", "db", {"echo", "-n", "--"}));
  ASSERT_EQ(specs.size(), 3u);
  EXPECT_EQ(specs[2].kind, SourceSpec::Kind::kCommand);
  EXPECT_EQ(specs[2].name, "db");
  EXPECT_EQ(specs[2].argv, (std::vector<std::string>{"echo", "-n", "--"}));
  EXPECT_NE(refusal(with({}, "", "db", {})).find("after --"), std::string::npos);
}

TEST(SourceArgs, TwoOfOneNameAreRefused) {
  EXPECT_NE(refusal({"/etc/x", "/srv/x"}).find("x2=/srv/x"), std::string::npos);
  EXPECT_EQ(refusal({"/etc/x", "x2=/srv/x"}), "");
}

TEST(SourceArgs, OddNamesAreRefused) {
  for (const char* bad : {"..=/srv/x", ".=/srv/x", "=x", "a\nb=/srv/x", "\x7f=/srv/x", "", "exec:", "exec:  "})
    EXPECT_NE(refusal({bad}), "") << bad;
  EXPECT_NE(refusal({"/srv/new\nline"}).find("NAME=/srv/new\\x0aline"), std::string::npos);
  EXPECT_NE(refusal({std::string(256, 'n') + "=/srv/x"}), "");
  EXPECT_NE(refusal(std::vector<std::string>{}).find("nothing to back up"), std::string::npos);
}

TEST(SourceArgs, PostgresUrlIsAServerNamedAfterItsDatabaseOrHost) {
  const SourceSpec database = only("postgresql://u:canary@h:5433/shop");
  EXPECT_EQ(database.kind, SourceSpec::Kind::kPostgres);
  EXPECT_EQ(database.name, "shop");
  EXPECT_EQ(database.postgres.value().url.database(), "shop");
  EXPECT_EQ(database.description.find("canary"), std::string::npos) << database.description;
  EXPECT_EQ(only("postgres://db.example/").name, "db.example");
  EXPECT_EQ(only("main=postgresql://h/shop").name, "main");
}

TEST(SourceArgs, UrlsOfLaterVersionsAreRefusedAndNotRepeated) {
  for (const char* url : {"db=mysql://:canary@h", "gs://canary/x"}) {
    const std::string message = refusal({url});
    EXPECT_NE(message.find("not supported"), std::string::npos) << url;
    EXPECT_EQ(message.find("canary"), std::string::npos) << message;
  }
}

TEST(SourceArgs, ABucketIsNamedAfterItsPrefix) {
  ::setenv("CAIRN_SOURCE_S3_ACCESS_KEY_ID", "access", 1);
  ::setenv("CAIRN_SOURCE_S3_SECRET_ACCESS_KEY", "canary", 1);
  const SourceSpec folder = only("s3://media/app/avatars?endpoint=https://rgw.example:7480");
  EXPECT_EQ(folder.kind, SourceSpec::Kind::kBucket);
  EXPECT_EQ(folder.name, "avatars");
  EXPECT_EQ(folder.description, "s3://media/app/avatars?endpoint=https://rgw.example:7480");
  EXPECT_EQ(folder.bucket.value().root(), "app/avatars/");
  EXPECT_EQ(only("s3://media").name, "media");
  EXPECT_EQ(only("s3://media").bucket.value().root(), "");
  EXPECT_EQ(only("files=s3://media/x?region=eu-west-1").name, "files");
  EXPECT_EQ(refusal({"s3://user:canary@media/x"}).find("canary"), std::string::npos);
  ::unsetenv("CAIRN_SOURCE_S3_SECRET_ACCESS_KEY");
  EXPECT_NE(refusal({"s3://media"}).find("CAIRN_SOURCE_S3_SECRET_ACCESS_KEY"), std::string::npos);
  ::unsetenv("CAIRN_SOURCE_S3_ACCESS_KEY_ID");
}

TEST(SourceArgs, AServerOfRedisIsDescribedWithoutItsPassword) {
  SourceArguments arguments;
  arguments.sources = {"cache=redis://user:canary@cache.example:6380/2", "redis://cache2.example"};
  const std::vector<SourceSpec> specs = parse_sources(arguments);
  ASSERT_EQ(specs.size(), 2u);
  EXPECT_EQ(specs[0].kind, SourceSpec::Kind::kRedis);
  EXPECT_EQ(specs[0].name, "cache");
  EXPECT_EQ(specs[0].redis->password, "canary");
  EXPECT_EQ(specs[0].description.find("canary"), std::string::npos) << specs[0].description;
  EXPECT_NE(specs[0].description.find("cache.example:6380"), std::string::npos) << specs[0].description;
  EXPECT_EQ(specs[1].name, "cache2.example");
}

TEST(SourceArgs, KnowsTheFormats) {
  EXPECT_EQ(parse_format("auto"), StreamFormat::kAuto);
  EXPECT_EQ(parse_format("raw"), StreamFormat::kRaw);
  EXPECT_EQ(parse_format("postgres"), StreamFormat::kPostgres);
  EXPECT_EQ(parse_format("redis"), StreamFormat::kRedis);
  EXPECT_EQ(parse_format("json"), StreamFormat::kJson);
}

}  // namespace
}  // namespace cairn
