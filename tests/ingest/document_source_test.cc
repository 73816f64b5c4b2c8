#include "ingest/document/document_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ingest/document_fixture.h"

namespace cairn {
namespace {

using testing::ElementsAre, testing::IsEmpty;
using Names = std::vector<std::string>;

const std::string kDocument = R"( {"Users":[{"name":"alice","Tokens":[{"name":"cli"},{"name":"w\u0065b"}]},
  {"id":12,"name":"bob","m":{"a":{},"b":{"x":[1,2,[3]]}}}], "Log":[{"event":"login"},{"event":"out"}],"v":-1.5e3 } )";

TEST(DocumentSource, PassesEveryByteAndFindsTheSameHoweverItIsRead) {
  for (const std::string& json : {kDocument, kDocument + kDocument + "7 []", "[" + kDocument + "]", kDocument.substr(0, 150), kDocument + "]"}) {
    const ReadDocumentParts whole = read_document(json);
    EXPECT_TRUE(whole.order_kept);
    for (size_t piece = 1; piece < json.size(); piece += 1 + piece / 8) {
      const ReadDocumentParts read = read_document(json, {}, piece);
      EXPECT_EQ(read.stored, json);
      EXPECT_EQ(read.listing(), whole.listing()) << piece;
      EXPECT_EQ(read.facts.properties, whole.facts.properties);
      EXPECT_EQ(read.facts.problem, whole.facts.problem);
      EXPECT_EQ(read.facts.warnings, whole.facts.warnings);
      EXPECT_TRUE(read.order_kept) << piece;
    }
  }
  EXPECT_EQ(read_document(kDocument).facts.kind, ComponentKind::kDocument);
}

TEST(DocumentSource, TakesAnArrayAtTheTop) {
  const ReadDocumentParts read = read_document(R"([{"name":"a","t":[{"id":1}]},{},[{"id":3}],4])");
  EXPECT_EQ(read.names(), (Names{"1.json", "a.json", "a/t/1.json"}));
  EXPECT_EQ(read.facts.properties, (std::map<std::string, std::string>{{"original", "document.json"}, {"format", "json"}, {"elements", "3"}}));
}

TEST(DocumentSource, TakesLines) {
  const ReadDocumentParts read = read_document("{\"name\":\"a\",\"t\":[{\"id\":1}]}\n{\"name\":\"b\"}\r\n7\n{\"x\":1}\n[{\"id\":1}]\n{\"name\":\"a\"}");
  EXPECT_EQ(read.names(), (Names{"3.json", "a.json", "a/t/1.json", "a~5.json", "b.json"}));
  EXPECT_EQ(read.facts.properties, (std::map<std::string, std::string>{{"original", "document.ndjson"}, {"format", "ndjson"}, {"elements", "5"}}));
  EXPECT_EQ(read.mark_text(), "28 44 52 63 ");
  EXPECT_EQ(read_document("1\n{\"name\":\"a\"}\n").names(), (Names{"a.json"}));
}

TEST(DocumentSource, TakesLinesWhoseFirstIsLongerThanWhatIsKept) {
  const std::string first = R"({"name":"a","t":[{"id":1}],"x":")" + std::string(3 << 20, 'x') + "\"}\n";
  const ReadDocumentParts read = read_document(first + "{\"name\":\"b\",\"t\":[{\"id\":1}]}\n[]\n", {}, 65536);
  EXPECT_EQ(read.names(), (Names{"a.json", "b.json", "b/t/1.json"}));
  EXPECT_EQ(read.part("a.json")->size_bytes() + 1, first.size());
  EXPECT_EQ(read.facts.properties.at("format"), "ndjson");
  EXPECT_TRUE(read.order_kept);
}

TEST(DocumentSource, PassesWhatIsNoJsonAfterAll) {
  const ReadDocumentParts read = read_document(R"({"a":[{"id":1}],"b":tru})");
  EXPECT_EQ(read.facts.kind, ComponentKind::kStream);
  EXPECT_TRUE(read.facts.properties.empty() && !read.facts.sorted_parts && read.facts.parts.empty() && read.facts.ended);
  EXPECT_THAT(read.facts.warnings, ElementsAre("isn't JSON (byte 23: no word but true, false and null may stand here); saved as it came, without parts"));
  EXPECT_EQ(read_document(R"({"a":1},)").facts.kind, ComponentKind::kStream);
  EXPECT_THAT(read_document(std::string(1001, '[')).facts.warnings,
              ElementsAre("isn't JSON (byte 1000: nested deeper than 1000 levels); saved as it came, without parts"));
  for (const char* json : {"17", "\"x\"", "1\n2\n", "null"}) {
    EXPECT_EQ(read_document(json).facts.kind, ComponentKind::kStream) << json;
    EXPECT_EQ(read_document(json).facts.warnings.size(), 1U);
  }
  EXPECT_EQ(read_document("").facts.kind, ComponentKind::kStream);
}

TEST(DocumentSource, TellsWhatBreaksOff) {
  ReadDocumentParts read = read_document(R"({"a":[{"id":1}],"Users":[{"name":"x","t":[{"id":2}]},{"name":"al)");
  EXPECT_EQ(read.facts.kind, ComponentKind::kDocument);
  EXPECT_FALSE(read.facts.ended);
  EXPECT_EQ(read.facts.problem, "breaks off at byte 64 inside a string, in Users/1");
  EXPECT_EQ(read.names(), (Names{"Users/x.json", "Users/x/t/2.json", "a.json", "a/1.json"}));
  read = read_document(R"({"m":{"a":{},"b":{"c":{)");
  EXPECT_EQ(read.facts.problem, "breaks off at byte 23, in m/b/c");
  EXPECT_EQ(read.names(), (Names{"m/a.json"}));
  read = read_document(R"([{"name":"a"},{"name":"b","t":[{"name":"c"},)");
  EXPECT_EQ(read.facts.problem, "breaks off at byte 44, in 1/t");
  EXPECT_EQ(read.names(), (Names{"a.json"}));
  EXPECT_EQ(read_document("{").facts.problem, "breaks off at byte 1");
  EXPECT_EQ(read_document("{\"a\":1}\n{\"a\":").facts.problem, "breaks off at byte 13, in 1");
}

TEST(DocumentSource, EmptyOnesHaveNoParts) {
  for (const char* json : {"{}", "[]", " [ ] ", "\xef\xbb\xbf{}"}) {
    const ReadDocumentParts read = read_document(json);
    EXPECT_EQ(read.facts.kind, ComponentKind::kDocument);
    EXPECT_TRUE(read.parts.empty() && read.marks.empty() && read.facts.ended && read.facts.warnings.empty()) << json;
  }
}

TEST(DocumentSource, MarksElementsAndTheEndsOfLongSections) {
  //                                              1         2         3         4         5
  //                                    012345678901234567890123456789012345678901234567890123456789
  EXPECT_EQ(read_document(R"({"a":[{"t":[{}]},[1], 2],"b":{"c":{},"d":[{"e":[{}]}]}})").mark_text(), "5 6 17 29 34 41 42 ");
  const std::string item = "{\"x\":\"" + std::string(40'000, 'x') + "\"}";
  const std::string json = "{\"a\":[" + item + "," + item + "],\"b\":[" + item + "],\"c\":0}";
  const size_t a_end = 6 + 2 * item.size() + 2;
  EXPECT_EQ(read_document(json).mark_text(), "5 6 " + std::to_string(7 + item.size()) + " " + std::to_string(a_end) + "c " + std::to_string(a_end + 5) + " " +
                                                 std::to_string(a_end + 6) + " ");
  EXPECT_EQ(read_document(json, {}, 1).mark_text(), read_document(json).mark_text());
}

TEST(DocumentSource, KnowsJsonByItsBeginning) {
  for (const char* begins : {"{", "[", " \n[1,", "{\"a\":[1,2", "\xef\xbb\xbf{\"a", "{}\n{", "[{}]", "[\"abc"}) EXPECT_TRUE(looks_like_json(view(begins))) << begins;
  for (const char* begins : {"", " ", "1", "\"a\"", "[mysqld]\n", "[1]\nx=1", "{}}", "{ echo hi; }", "PGDMP", "\xef\xbb", "{1", "null", "[client]", "[[section]]\n"})
    EXPECT_FALSE(looks_like_json(view(begins))) << begins;
}

TEST(DocumentSource, ManySectionsAreNotAllNamed) {
  std::string json = "{\"s\":1";
  for (int i = 0; i < 3000; ++i) json += ",\"k" + std::to_string(i) + "\":{}";
  const ReadDocumentParts read = read_document(json + "}");
  EXPECT_EQ(read.parts.size(), 3001U);
  const std::string named = read.facts.properties.at("sections");
  EXPECT_EQ(std::ranges::count(named, '\n'), 999);
}

}  // namespace
}  // namespace cairn
