#include "ingest/postgres/archive/toc.h"

#include "tests/ingest/archive_fixture.h"

namespace cairn {
namespace {

// An archive written by hand, in any version: one table with two rows.
class Written {
 public:
  explicit Written(int minor) : minor_(minor) {
    out_ = std::string("PGDMP\1") + static_cast<char>(minor) + std::string("\0\4\x8\1", 4);
    out_ += minor >= 15 ? std::string(1, '\0') : archive_number(0);
    for (const int one : {12, 0, 3, 20, 10, 126, 0}) out_ += archive_number(one);
    string("shop");
    string("18.9");
    string("18.9");
    out_ += archive_number(minor >= 13 ? 5 : 4);
    entry(1, "ENCODING", "ENCODING", "SET client_encoding = 'UTF8';\n", "", "");
    entry(2, "STDSTRINGS", "STDSTRINGS", "SET standard_conforming_strings = 'on';\n", "", "");
    if (minor >= 13) entry(3, "SEARCHPATH", "SEARCHPATH", "SELECT pg_catalog.set_config('search_path', '', false);\n", "", "");
    entry(4, "t", "TABLE", "CREATE TABLE app.t (a integer);\n", "DROP TABLE app.t;\n", "");
    entry(5, "t", "TABLE DATA", "", "", "COPY app.t (a) FROM stdin;\n");
    out_ += '\1' + archive_number(5) + archive_number(2) + "1\n" + archive_number(2) + "2\n" + archive_number(5) + "\\.\n\n\n" + archive_number(0);
  }
  std::string out_;

 private:
  void string(const std::string& text) { out_ += archive_number(static_cast<int64_t>(text.size())) + text; }
  void entry(int id, const std::string& tag, const std::string& kind, const std::string& sql, const std::string& drop, const std::string& copy) {
    const bool table = kind.starts_with("TABLE"), data = !copy.empty();
    out_ += archive_number(id) + archive_number(data ? 1 : 0);
    for (const std::string& one : {std::string("0"), std::string("0"), tag, kind}) string(one);
    out_ += archive_number(data ? 3 : 2);
    for (const std::string& one : {sql, drop, copy}) string(one);
    table ? string("app") : void(out_ += archive_number(-1));
    table && !data ? string("") : void(out_ += archive_number(-1));
    if (minor_ >= 14) table && !data ? string("heap") : void(out_ += archive_number(-1));
    if (minor_ >= 16) out_ += archive_number(table ? 'r' : 0);
    string("Owner");
    string("false");
    if (data) string("4");
    out_ += archive_number(-1) + (data ? '\1' : '\3') + std::string(8, '\0');
  }
  int minor_;
};

TEST(Toc, IsReadInEveryVersion) {
  for (int minor = 12; minor <= 16; ++minor) {
    SCOPED_TRACE(minor);
    const TakenIn in = round_trip(Written(minor).out_);
    EXPECT_TRUE(in.parts.ended) << in.parts.problem;
    EXPECT_EQ(in.parts.warnings, std::vector<std::string>());
    EXPECT_EQ(in.parts.properties.at("archive.version"), "1." + std::to_string(minor));
    const Part* rows = in.part("shop/app/t.copy");
    ASSERT_TRUE(rows);
    EXPECT_EQ(in.text_of(rows->extents), "1\n2\n");
    const std::string dump = in.rendering();
    const auto has = [&](std::string_view words) { return dump.find(words) != dump.npos; };
    EXPECT_TRUE(has("\nALTER TABLE app.t OWNER TO \"Owner\";\n\n")) << dump;
    EXPECT_EQ(has("SELECT pg_catalog.set_config('search_path', '', false);\n"), minor >= 13);
    EXPECT_EQ(has("\nSET search_path = app, pg_catalog;\n\n"), minor == 12) << dump;
    EXPECT_EQ(has("\nSET default_table_access_method = heap;\n\n"), minor >= 14);
    EXPECT_EQ(has("SET transaction_timeout = 0;\n"), minor >= 16);
    EXPECT_LT(in.verbatim_bytes(), 20U);
  }
}

TEST(Toc, RefusesOtherVersions) {
  for (const int minor : {0, 1, 11, 17, 255}) {
    std::string archive = Written(16).out_;
    archive[6] = static_cast<char>(minor);
    const TakenIn in = round_trip(archive);
    EXPECT_EQ(in.parts.transform, "");
    ASSERT_EQ(in.parts.warnings.size(), 1U);
    EXPECT_NE(in.parts.warnings[0].find("archive version 1." + std::to_string(minor) + ".0"), std::string::npos) << in.parts.warnings[0];
  }
}

TEST(Toc, HasSignedNumbers) {
  for (const int64_t value : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{INT32_MAX}, -int64_t{INT32_MAX}}) {
    EXPECT_EQ(archive_int(view(archive_number(value))), value);
  }
  EXPECT_EQ(archive_int(view(archive_number(int64_t{1} << 31))), std::nullopt);
  EXPECT_EQ(archive_int(view(std::string("\2\0\0\0\0", 5))), std::nullopt);
}

}  // namespace
}  // namespace cairn
