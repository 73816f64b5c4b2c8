// Forms of dumps that no server at hand writes: other versions, broken ones, hostile ones.  Those of a real server:
// dump_scanner_server_test.cc.
#include "ingest/postgres/dump_scanner.h"

#include <gtest/gtest.h>

#include "tests/ingest/outline_text.h"

namespace cairn {
namespace {

const std::string kBegin = "--\n-- PostgreSQL database dump\n--\n\n", kEnd = "--\n-- PostgreSQL database dump complete\n--\n\n";

std::string header(const std::string& name, const std::string& type, const std::string& schema = "public") {
  return "--\n-- " + name + "; Type: " + type + "; Schema: " + schema + "; Owner: me\n--\n\n";
}

// Also: the same however it is cut into pieces.
Scanned scan_all(const std::string& dump) {
  const Scanned whole = scan(dump);
  EXPECT_TRUE(whole.order_kept);
  for (size_t size : {1, 2, 7, 100}) EXPECT_EQ(scan_in(dump, [&] { return size; }).text(), whole.text());
  return whole;
}

std::string at(const std::string& dump, const std::vector<Extent>& extents) {
  std::string out;
  for (const Extent& extent : extents) out += "<" + dump.substr(extent.offset_bytes, extent.length_bytes) + ">";
  return out;
}

TEST(DumpScanner, KnowsADumpByItsBeginning) {
  for (const std::string& dump : {kBegin, std::string("--\n-- PostgreSQL database cluster dump\n--\n"), "\n\\restrict abc\n" + kBegin, "-- note\n" + kBegin}) {
    EXPECT_TRUE(DumpScanner::looks_like_dump(view(dump)));
  }
  for (const std::string& other : {std::string(), std::string("--\n"), std::string("SELECT 1;\n") + kBegin, std::string("PGDMP"),
                                   std::string("--\r\n-- PostgreSQL database dump\r\n--\r\n"), std::string("-- PostgreSQL database dump complete\n"),
                                   std::string("x -- PostgreSQL database dump\n")}) {
    EXPECT_FALSE(DumpScanner::looks_like_dump(view(other))) << other;
  }
}

TEST(DumpScanner, HeadersOfAllVersions) {
  const std::string dump = kBegin + "\\restrict abc\n\n-- Dumped from database version 18.3\n-- Dumped by pg_dump version 18.4 (Debian 18.4-1)\n\n" +
      "SET transaction_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n\n" +
      "--\n-- TOC entry 3426 (class 1262 OID 16386)\n-- Dependencies: 221 3422\n-- Name: a; Type: TABLE; b; Type: TABLE; Schema: public; Owner: \n--\n\nCREATE TABLE public.\"a; Type: TABLE; b\" (x int);\n\n" +
      header("Statistics for Name: t", "STATISTICS DATA") +
      "SELECT * FROM pg_catalog.pg_restore_relation_stats(\n\t'version', '180003'::integer,\n\t'schemaname', 'public',\n\t'relname', 'T t',\n\t'relpages', '1'::integer\n);\n\n" +
      header("Name: 4242..4243", "BLOB METADATA", "-") + "SELECT pg_catalog.lo_create('4242');\nSELECT pg_catalog.lo_create('4243');\n\n" +
      header("Data for Name: 4242..4243", "BLOBS", "-") + "BEGIN;\n\nSELECT pg_catalog.lo_open('4242', 131072);\nSELECT pg_catalog.lowrite(0, '\\x01');\nSELECT pg_catalog.lo_close(0);\n\nCOMMIT;\n\n" +
      "-- Completed on 2026-11-20 14:40:42 UTC\n\n" + kEnd + "\\unrestrict abc\n\n";
  const Scanned scanned = scan_all(dump);
  EXPECT_EQ(scanned.outline.problem, "");
  ASSERT_EQ(scanned.outline.databases.size(), 1u);
  const DumpDatabase& database = scanned.outline.databases[0];
  EXPECT_EQ(database.server_version, "18.3");
  EXPECT_EQ(database.dump_version, "18.4 (Debian 18.4-1)");
  EXPECT_EQ(scanned.outline.completed, "2026-11-20 14:40:42 UTC");
  EXPECT_EQ(at(dump, database.settings), "<SET transaction_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n\n>");
  ASSERT_EQ(database.items.size(), 4u);
  EXPECT_EQ(describe(database.items[0].subject), "public.a; Type: TABLE; b");
  EXPECT_EQ(database.items[0].type, "TABLE");
  EXPECT_EQ(database.items[1].type, "STATISTICS DATA");
  EXPECT_EQ(describe(database.items[1].table), "public.T t");
  EXPECT_EQ(database.items[2].type, "BLOB METADATA");
  // Around the large objects' data, and around each volatile line.
  const size_t blobs = dump.find("BEGIN;") - 1, commit = dump.find("COMMIT;") + 7;
  std::vector<uint64_t> marks;
  for (const Mark& mark : scanned.marks) marks.push_back(mark.offset_bytes);
  for (size_t place : {blobs, commit, dump.find("\\restrict"), dump.find("-- Dumped by"), dump.find("-- Completed"), dump.find("\\unrestrict")}) {
    EXPECT_TRUE(std::find(marks.begin(), marks.end(), place) != marks.end()) << place;
  }
}

TEST(DumpScanner, MarksRows) {
  const std::string dump = kBegin + header("Data for Name: t", "TABLE DATA") + "COPY public.t (a) FROM stdin;\n1\n2\n\\.\n\n" +
      header("Data for Name: e", "TABLE DATA") + "COPY public.e (a) FROM stdin;\n\\.\n\n" +
      header("Data for Name: i", "TABLE DATA") + "INSERT INTO public.i VALUES (1);\nINSERT INTO public.i VALUES (2), (3);\n\n" + kEnd;
  const Scanned scanned = scan_all(dump);
  ASSERT_EQ(scanned.marks.size(), 4u);
  EXPECT_EQ(scanned.marks[0].offset_bytes, dump.find("1\n2\n"));
  EXPECT_TRUE(scanned.marks[0].records);
  EXPECT_EQ(scanned.marks[1].offset_bytes, dump.find("\\.\n"));
  EXPECT_FALSE(scanned.marks[1].records);
  EXPECT_EQ(scanned.marks[2].offset_bytes, dump.find("(1);") + 4);
  EXPECT_TRUE(scanned.marks[2].records);
  EXPECT_EQ(scanned.marks[3].offset_bytes, dump.find(kEnd));
  const std::vector<DumpItem>& items = scanned.outline.databases.at(0).items;
  EXPECT_EQ(items[0].row_count, 2u);
  EXPECT_EQ(items[1].row_count, 0u);
  EXPECT_EQ(items[1].rows.length_bytes, 0u);
  EXPECT_EQ(items[2].row_count, 3u);
  EXPECT_TRUE(items[2].inserts);
}

TEST(DumpScanner, SettingsBetweenEntriesGoWithTheNextOne) {
  const std::string one = header("Name: a", "TABLE"), two = header("Name: b", "TABLE"), data = header("Data for Name: a", "TABLE DATA"),
                    three = header("Name: c", "TABLE");
  const std::string dump = kBegin + "SET row_security = off;\n\nSET default_tablespace = '';\n\n" + one + "CREATE TABLE a ();\n\nSET default_tablespace = fast;\n\n" + two +
      "CREATE TABLE b ();\n\\restrict k\nALTER TABLE b OWNER TO me;\n" + data + "COPY a FROM stdin;\n\\.\n" + three + "CREATE TABLE c ();\n" + kEnd + "\\unrestrict k\n";
  const DumpOutline outline = scan_all(dump).outline;
  const DumpDatabase& database = outline.databases.at(0);
  EXPECT_EQ(at(dump, database.settings), "<SET row_security = off;\n\n>");
  EXPECT_EQ(at(dump, database.items.at(0).text), "<SET default_tablespace = '';\n\n" + one + "CREATE TABLE a ();\n\n>");
  EXPECT_EQ(at(dump, database.items.at(1).text),
            "<SET default_tablespace = fast;\n\n" + two + "CREATE TABLE b ();\n><ALTER TABLE b OWNER TO me;\n>");
  EXPECT_EQ(at(dump, database.items.at(2).text), "<" + data + "COPY a FROM stdin;\n\\.\n>");
  EXPECT_EQ(at(dump, database.items.at(3).text), "<SET default_tablespace = fast;><" + three + "CREATE TABLE c ();\n>");
}

TEST(DumpScanner, DatabasesOneBehindTheOther) {
  const std::string table = header("Name: t", "TABLE") + "CREATE TABLE public.t ();\n\n";
  const std::string dump = kBegin + table + kEnd + kBegin + header("Name: x", "DATABASE", "-") + "CREATE DATABASE \"X\";\n\n\\connect \"X\"\n\n" + table + kEnd + "\\connect y\n\n" +
                           kBegin + table + kEnd;
  const DumpOutline outline = scan_all(dump).outline;
  EXPECT_EQ(outline.problem, "");
  ASSERT_EQ(outline.databases.size(), 3u);
  EXPECT_EQ(outline.databases[0].name, "");
  EXPECT_EQ(outline.databases[1].name, "X");
  EXPECT_EQ(outline.databases[2].name, "y");
  for (const DumpDatabase& database : outline.databases) EXPECT_EQ(database.items.size(), 1u);
  ASSERT_EQ(outline.definitions.size(), 1u);
  EXPECT_EQ(outline.definitions[0].subject->name, "X");
}

TEST(DumpScanner, LargeObjectsAreNoItemEach) {
  std::string dump = kBegin;
  for (int i = 0; i < 1000; ++i) dump += header("Name: " + std::to_string(i), "BLOB", "-") + "SELECT pg_catalog.lo_create('1');\n\n";
  const DumpOutline outline = scan_all(dump + kEnd).outline;
  EXPECT_EQ(outline.databases.at(0).items.size(), 1u);
  EXPECT_EQ(outline.databases[0].items[0].text.size(), 1u);
}

TEST(DumpScanner, NewestRowsOfWatchedTables) {
  for (bool inserts : {false, true}) {
    std::string dump = kBegin + header("Data for Name: m", "TABLE DATA");
    if (!inserts) dump += "COPY public.authentik_version_history (id, version) FROM stdin;\n";
    for (int i = 0; i < 9999; ++i) {
      const std::string row = std::to_string(i) + (inserts ? ", 'v\nINSERT');\n" : "\t2026.1\n");
      dump += (inserts ? "INSERT INTO public.authentik_version_history VALUES (" : "") + row;
    }
    dump += (inserts ? "\n" : "\\.\n\n") + kEnd;
    const DumpOutline outline = scan_all(dump).outline;
    const std::string& sample = outline.databases.at(0).items.at(0).sample;
    EXPECT_LE(sample.size(), size_t{64} << 10);
    EXPECT_GT(sample.size(), size_t{63} << 10);
    EXPECT_TRUE(sample.starts_with(inserts ? "INSERT INTO" : "5") || sample.starts_with("4")) << sample.substr(0, 50);
    EXPECT_TRUE(sample.ends_with(inserts ? "(9998, 'v\nINSERT');\n" : "\n9998\t2026.1\n"));
  }
}

TEST(DumpScanner, SaysWhyADumpIsNotWhole) {
  const std::string item = header("Name: t", "TABLE") + "CREATE TABLE public.t ();\n\n";
  for (const auto& [dump, problem] : std::vector<std::pair<std::string, std::string>>{
           {kBegin + item, "the end mark of the database dump is missing"},
           {kBegin + item + "SELECT 'x", "it breaks off inside a string that begins at byte 122"},
           {kBegin + "COPY t FROM stdin;\n1\n2", "it breaks off inside the rows of a COPY that begins at byte 54"},
           {kBegin + "\\restrict k\n" + item + kEnd, "the \\restrict at byte 35 has no \\unrestrict"},
           {kBegin + "\\restrict k\n" + item + kEnd + "\\unrestrict l\n", "the \\unrestrict at byte 112 has no \\restrict"},
           {kBegin + "\\restrict kl\n" + item + kEnd + "\\unrestrict k", "it breaks off at byte 124"},
           {kBegin + "\\restrict kl\n" + item + kEnd + "\\unre", "it breaks off at byte 118"},
           {kBegin + "\\restrict kl\n" + item + kEnd + "\\unrestrict k\n", "the \\unrestrict at byte 113 has no \\restrict"},
           {"--\n-- PostgreSQL database cluster dump\n--\n\n" + kBegin + item + kEnd, "the end mark of the cluster dump is missing"},
           {kBegin + item + kBegin + kEnd, "the end mark of the database dump is missing"},
           {"-- nothing\n", "it holds no dump"},
           {"", "it holds no dump"},
           {kBegin + "SELECT 'a\n" + kEnd, "it breaks off inside a string that begins at byte 35"},
       }) {
    const DumpOutline outline = scan_all(dump).outline;
    EXPECT_FALSE(outline.ended);
    EXPECT_EQ(outline.problem.substr(0, problem.find(" at byte")), problem.substr(0, problem.find(" at byte"))) << dump;
  }
  EXPECT_TRUE(scan_all(kBegin + item + kEnd).outline.ended);   // as before \restrict came up
}

TEST(DumpScanner, FailsOnWhatNoDumpHolds) {
  std::string converted;
  for (char c : kBegin + "SELECT 1;\n" + kEnd) converted += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_NE(scan_all(converted).failure.find("CR LF"), std::string::npos);
  EXPECT_NE(scan_all(kBegin + std::string("SELECT 1;\n\0\n", 12) + kEnd).failure.find("a zero byte"), std::string::npos);
  EXPECT_NE(scan_all(kBegin + "SELECT 1 \\gexec\n" + kEnd).failure.find("backslash command inside"), std::string::npos);
  const Scanned odd = scan_all(kBegin + "\\! rm -rf\n" + kEnd);
  EXPECT_EQ(odd.failure, "");
  ASSERT_EQ(odd.outline.warnings.size(), 1u);
  EXPECT_NE(odd.outline.warnings[0].find("\\! at byte 35"), std::string::npos) << odd.outline.warnings[0];
}

TEST(DumpScanner, MarkersInsideOtherThingsAreNone) {
  const std::string fake = kEnd + header("Name: fake", "TABLE") + "\\connect fake\n" + kBegin;
  const std::string dump = kBegin + header("Name: f", "FUNCTION") + "CREATE FUNCTION public.f() AS $_$" + fake + "$_$;\n/* " + fake + " */\nCOMMENT ON FUNCTION public.f() IS '" +
                           fake + "';\nSELECT \"" + fake + "\";\n" + kEnd;
  const DumpOutline outline = scan_all(dump).outline;
  EXPECT_EQ(outline.problem, "");
  ASSERT_EQ(outline.databases.size(), 1u);
  EXPECT_EQ(outline.databases[0].items.size(), 1u);
}

}  // namespace
}  // namespace cairn
