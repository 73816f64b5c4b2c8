#include "ingest/postgres/versions.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

DumpItem rows_of(const std::string& table, const std::string& columns, const std::string& sample) {
  DumpItem item;
  item.type = "TABLE DATA";
  item.schema = "public";
  item.tag = table;
  item.subject = QualifiedName{"public", table};
  item.columns = columns;
  item.sample = sample;
  return item;
}

struct Told {
  std::map<std::string, std::string> properties;
  std::vector<std::string> warnings;
};

Told told_by(const std::vector<DumpDatabase>& databases) {
  DumpOutline outline;
  outline.databases = databases;
  Told out;
  add_versions(outline, out.properties, out.warnings);
  return out;
}

DumpDatabase database_with(const std::string& name, std::vector<DumpItem> items) {
  DumpDatabase out;
  out.name = name;
  out.items = std::move(items);
  return out;
}

TEST(Versions, OfAuthentikIsItsNewestRow) {
  Told told = told_by({database_with("a", {rows_of("authentik_version_history", "id, \"timestamp\", version, build",
                                                   "9\t2025-01-01\t2025.10.1\t\n10\t2025-02-01\t2025.12.4\tx\n2\t2024-01-01\t2024.2.0\t\n")})});
  EXPECT_EQ(told.properties["app"], "authentik");
  EXPECT_EQ(told.properties["app.version"], "2025.12.4");
  EXPECT_TRUE(told.warnings.empty());
}

TEST(Versions, AreReadFromInserts) {
  DumpItem item = rows_of("authentik_version_history", "",
                          "INSERT INTO public.authentik_version_history VALUES (1, '2025-01-01', '2025.8.1', '');\n"
                          "INSERT INTO public.authentik_version_history VALUES (2, 'a, (b', '2025.10.0', ''), (3, 'c', '2025.10.2', '');\n");
  item.inserts = true;
  EXPECT_EQ(told_by({database_with("a", {item})}).properties["app.version"], "2025.10.2");
}

TEST(Versions, OfADjangoApplicationAreItsLastMigration) {
  Told told = told_by({database_with("a", {rows_of("django_migrations", "id, app, name, applied",
                                                   "1\tcontenttypes\t0001_initial\tx\n2\tauth\t0012_last\tx\n")})});
  EXPECT_EQ(told.properties.count("app"), 0U);
  EXPECT_EQ(told.properties["app.migrations"], "auth.0012_last");
}

TEST(Versions, ThatDifferAreTold) {
  auto authentik = [](const char* name, const char* version) {
    return database_with(name, {rows_of("authentik_version_history", "id, version", std::string("1\t") + version + "\n")});
  };
  Told told = told_by({database_with("postgres", {}), authentik("a", "2025.10.1"), authentik("b", "2024.2.0")});
  EXPECT_EQ(told.properties["app.version"], "2025.10.1");
  ASSERT_EQ(told.warnings.size(), 1U);
  EXPECT_NE(told.warnings[0].find("2024.2.0 in database b"), std::string::npos) << told.warnings[0];
}

TEST(Versions, AreNotInventedFromOddRows) {
  Told told = told_by({database_with("a", {rows_of("authentik_version_history", "id, version", "1\n\n\t\nx"),
                                           rows_of("authentik_version_history", "nothing", "1\t2\n"), rows_of("django_migrations", "", "1\n")})});
  EXPECT_TRUE(told.properties.empty());
}

TEST(Versions, OfPgDumpThatAreUnsafeAreToldOnce) {
  const struct {
    const char* version;
    bool unguarded;
  } kCases[] = {{"15.13 (Debian 15.13-0+deb12u1)", true}, {"15.14", false}, {"15.20 (Debian)", false}, {"17.5", true}, {"17.6", false},
                {"18.0", false},  {"18beta2", false}, {"16.9", true}, {"14.18", true}, {"13.21", true}, {"13.22", false}, {"9.6.24", true},
                {"", false},      {"devel", false},   {"16beta1", true}};
  for (const auto& one : kCases) EXPECT_EQ(dump_is_unguarded(one.version), one.unguarded) << one.version;
  DumpDatabase old = database_with("a", {});
  old.dump_version = "15.13";
  old.server_version = "15.2";
  Told told = told_by({old, old});
  EXPECT_EQ(told.warnings.size(), 1U);
  EXPECT_EQ(told.properties["server.version"], "15.2");
  EXPECT_EQ(told.properties["pg_dump.version"], "15.13");
}

}  // namespace
}  // namespace cairn
