#include "ingest/diff/part_diff.h"

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

// A dump as pg_dump 15 writes it, of a few tables.
struct DumpedTable {
  std::string name, columns, rows;
};

std::string dump_of_tables(const std::vector<DumpedTable>& tables, const std::string& time = "2026-11-20 03:00:00 UTC") {
  std::string out = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.18\n-- Dumped by pg_dump version 15.18\n\n-- Started on " + time +
                    "\n\nSET statement_timeout = 0;\nSET client_encoding = 'UTF8';\nSELECT pg_catalog.set_config('search_path', '', false);\n\n";
  for (const DumpedTable& table : tables)
    out += "--\n-- Name: " + table.name + "; Type: TABLE; Schema: public; Owner: me\n--\n\nCREATE TABLE public." + table.name + " (\n    " + table.columns +
           " integer\n);\n\n\nALTER TABLE public." + table.name + " OWNER TO me;\n\n";
  for (const DumpedTable& table : tables)
    out += "--\n-- Data for Name: " + table.name + "; Type: TABLE DATA; Schema: public; Owner: me\n--\n\nCOPY public." + table.name + " (" + table.columns +
           ") FROM stdin;\n" + table.rows + "\\.\n\n\n";
  return out + "-- Completed on " + time + "\n\n--\n-- PostgreSQL database dump complete\n--\n\n";
}

std::string numbers(int from, int to) {
  std::string out;
  for (int i = from; i < to; ++i) out += std::to_string(i) + "\n";
  return out;
}

class PartDiff : public BackupTest {
 protected:
  Manifest back_up_dump(const std::string& dump) {
    write_file(dir_ / "dump", dump);
    const Manifest m = back_up({shell("db", "cat '" + (dir_ / "dump") + "'")}).manifest;
    EXPECT_EQ(m.component("db")->kind, ComponentKind::kPostgres) << notes_->all();
    EXPECT_EQ(content_of(m, "db"), dump);
    return m;
  }
  std::string differences(const Manifest& before, const Manifest& after, const std::string& path = "db") {
    std::string out;
    constexpr const char* kSigns[] = {"+", "-", "M"};
    BackupNotes notes;
    diff(repository(), before, path, after, path, [&](const Difference& d) {
      out += std::string(kSigns[static_cast<size_t>(d.change)]) + " " + d.path + (d.definition ? " definition" : "");
      if (d.rows_added) out += " +" + std::to_string(*d.rows_added);
      if (d.rows_removed) out += " -" + std::to_string(*d.rows_removed);
      out += "|";
    }, notes);
    return out;
  }
};

TEST_F(PartDiff, OfTheSameDataAnotherNightIsNothing) {
  const std::vector<DumpedTable> tables = {{"a", "id", numbers(0, 50'000)}, {"b", "n", numbers(0, 10)}, {"empty", "x", ""}};
  const Manifest before = back_up_dump(dump_of_tables(tables)), after = back_up_dump(dump_of_tables(tables, "2026-11-21 03:00:00 UTC"));
  EXPECT_EQ(differences(before, after), "");
}

TEST_F(PartDiff, NamesTablesAddedRemovedAndChangedWithRows) {
  const Manifest before = back_up_dump(dump_of_tables({{"changed", "id", numbers(0, 50'000)}, {"gone", "id", numbers(0, 7)}, {"kept", "id", numbers(0, 9'000)}, {"redefined", "id", numbers(0, 3)}}));
  const Manifest after = back_up_dump(dump_of_tables({{"changed", "id", numbers(5, 50'001)}, {"fresh", "id", numbers(0, 4)}, {"kept", "id", numbers(0, 9'000)}, {"redefined", "other", numbers(0, 3)}}));
  EXPECT_EQ(differences(before, after),
            "M db/db/public/changed.sql +1 -5|+ db/db/public/fresh.sql +4|- db/db/public/gone.sql -7|M db/db/public/redefined.sql definition +0 -0|");
  EXPECT_EQ(differences(before, after, "db/db/public/changed"), "M db/db/public/changed.sql +1 -5|");
  EXPECT_EQ(differences(before, after, "db/db/public/kept.sql"), "");
  EXPECT_EQ(code_thrown_by([&] { differences(before, after, "db/db/nothing"); }), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace cairn
