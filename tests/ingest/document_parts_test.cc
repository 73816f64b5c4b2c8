#include "ingest/document/document_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ingest/document_fixture.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using Names = std::vector<std::string>;

DocumentProfile profile(const std::string& name, std::vector<std::string> detect, const std::string& path, std::vector<std::string> label) {
  DocumentSection section;
  section.name = section.path = path;
  section.label = std::move(label);
  DocumentProfile out;
  out.name = name;
  out.detect = std::move(detect);
  out.sections = {section};
  return out;
}

TEST(DocumentParts, AreSectionsAndTheirElements) {
  const ReadDocumentParts read = read_document(R"({"Groups": [ {"id":7,"name":"dev"},{"id":8} , 5, {"id":9,"name":"ops"}],"Version":3, "Empty":null,"Flag":true,"Text":"x"})");
  EXPECT_EQ(read.listing(), R"(Empty.json = null
Flag.json = true
Groups.json = [ {"id":7,"name":"dev"},{"id":8} , 5, {"id":9,"name":"ops"}]
Groups/8.json = {"id":8}
Groups/dev.json = {"id":7,"name":"dev"}
Groups/ops.json = {"id":9,"name":"ops"}
Text.json = "x"
Version.json = 3
)");
  ASSERT_NE(read.part("Groups.json"), nullptr);
  using Properties = std::map<std::string, std::string>;
  EXPECT_EQ(read.part("Groups.json")->kind, "section");
  EXPECT_EQ(read.part("Groups.json")->properties, (Properties{{"type", "array"}, {"elements", "4"}}));
  EXPECT_EQ(read.part("Groups/dev.json")->kind, "element");
  EXPECT_EQ(read.part("Groups/dev.json")->properties, (Properties{{"type", "object"}, {"elements", "2"}}));
  EXPECT_EQ(read.part("Empty.json")->properties, (Properties{{"type", "null"}}));
  EXPECT_EQ(read.part("Flag.json")->properties, (Properties{{"type", "boolean"}}));
  EXPECT_EQ(read.part("Text.json")->properties, (Properties{{"type", "string"}}));
  EXPECT_EQ(read.part("Version.json")->properties, (Properties{{"type", "number"}}));
  EXPECT_EQ(read.facts.properties, (Properties{{"original", "document.json"}, {"format", "json"}, {"elements", "3"}, {"sections", "Groups\nVersion\nEmpty\nFlag\nText"}}));
}

TEST(DocumentParts, LieBeneathTheElementTheyAreIn) {
  const ReadDocumentParts read = read_document(
      R"({"Users":[{"Tokens":[{"name":"cli"},{"value":1},{"name":"web","Scopes":[{"name":"r"}]}],"name":"alice"},{"Tokens":[{"name":"cli"}],"x":{"y":[{"id":1}]}}]})");
  EXPECT_EQ(read.names(), (Names{"Users.json", "Users/1.json", "Users/1/Tokens/cli.json", "Users/1/x/y/1.json", "Users/alice.json", "Users/alice/Tokens/cli.json",
                                 "Users/alice/Tokens/web.json", "Users/alice/Tokens/web/Scopes/r.json"}));
  ASSERT_NE(read.part("Users/alice/Tokens/web/Scopes/r.json"), nullptr);
  EXPECT_EQ(read.text_of(*read.part("Users/alice/Tokens/web/Scopes/r.json")), R"({"name":"r"})");
  // What lies in something without a name has no name either.
  EXPECT_EQ(read_document(R"([{"a":[{"b":[{"name":"c"}]}]}])").names(), (Names{"0.json"}));
}

TEST(DocumentParts, AreTheObjectsOfAnObjectOfObjects) {
  EXPECT_EQ(read_document(R"({"m":{"a":{"x":1},"b":{}},"n":{"a":{"x":1},"b":2},"o":{"b":2,"a":{}},"p":{}})").names(),
            (Names{"m.json", "m/a.json", "m/b.json", "n.json", "o.json", "p.json"}));
  // Beneath elements too; and through what isn't one to what is.
  EXPECT_EQ(read_document(R"([{"name":"e","m":{"a":{},"b":{"c":{}}},"n":{"a":{"d":{}},"b":2}}])").names(),
            (Names{"e.json", "e/m/a.json", "e/m/b.json", "e/m/b/c.json", "e/n/a/d.json"}));
  EXPECT_EQ(read_document(R"({"data":{"users":[{"name":"a"},{}],"n":1}})").names(), (Names{"data.json", "data/users/1.json", "data/users/a.json"}));
  // What is in an array is a record, whatever its members are.
  EXPECT_EQ(read_document(R"([{"a":{"x":1},"b":{}}])").names(), (Names{"0.json"}));
  // So many that nothing else is waited for.
  std::string json = R"({"m":{)";
  for (int i = 0; i < 1500; ++i) json += "\"k" + std::to_string(i) + "\":{},";
  const ReadDocumentParts read = read_document(json + R"("last":7}})");
  EXPECT_EQ(read.parts.size(), 1501U);
  EXPECT_NE(read.part("m/k1499.json"), nullptr);
}

TEST(DocumentParts, GoSixElementsDeep) {
  EXPECT_EQ(read_document(R"({"a":{"b":{"c":{"d":{"e":{"f":{"g":{}}}}}}}})").names(),
            (Names{"a.json", "a/b.json", "a/b/c.json", "a/b/c/d.json", "a/b/c/d/e.json", "a/b/c/d/e/f.json"}));
  EXPECT_EQ(read_document(R"([{"name":"a","b":[{"name":"c","d":[{"name":"e","f":[{"name":"g"}]}]}]}])").names(),
            (Names{"a.json", "a/b/c.json", "a/b/c/d/e.json"}));
  EXPECT_EQ(read_document(R"({"a":[[{"name":"b"}],{"name":"c"}]})").names(), (Names{"a.json", "a/c.json"}));
}

TEST(DocumentParts, AreCalledByTheirLabels) {
  // The best one, wherever it stands, as long as it is a string or a number, and isn't empty.
  EXPECT_EQ(read_document(R"([{"id":1,"title":"t","name":"n"},{"name":"","id":2},{"name":null,"uuid":"u"},{"Name":"no","x":{"name":"no"}},{"id":1.50e3}])").names(),
            (Names{"1.50e3.json", "2.json", "3.json", "n.json", "u.json"}));
  EXPECT_EQ(read_document(R"([{"name":"a\/b\u0000\u00e4"},{"name":"..\n"},{"name":"100%"}])").names(), (Names{"%2E.%0A.json", "100%25.json", "a%2Fb%00ä.json"}));
}

TEST(DocumentParts, AreCalledAsAProfileSays) {
  const auto knot = profile("knot", {"Users", "Roles"}, "users", {"User.username", "User.user_id", "list[].x"});
  const ReadDocumentParts read = read_document(
      R"({"Users":[{"name":"no","User":{"user_id":"1","Username":"alice","x":{"username":"no"}}},{"User":{"user_id":2}},{"User":[{"username":"no"}],"name":"yes"}],
          "roles":[{"User":{"username":"no"},"name":"ops"}],"Other":[{"Users":[{"User":{"username":"no"},"id":3}],"id":4}]})",
      {profile("other", {"Nothing"}, "Groups", {"name"}), knot});
  EXPECT_EQ(read.names(), (Names{"Other.json", "Other/4.json", "Other/4/Users/3.json", "Users.json", "Users/2.json", "Users/alice.json", "Users/yes.json",
                                 "Users/yes/User/no.json", "roles.json", "roles/ops.json"}));
  EXPECT_EQ(read.facts.properties.at("profile"), "knot");
  EXPECT_EQ(read.facts.properties.at("app"), "knot");
  // Not all that it would be known by: no profile, but its labels.
  const ReadDocumentParts unknown = read_document(R"({"Users":[{"User":{"username":"alice"},"name":"no"}]})", {knot});
  EXPECT_EQ(unknown.names(), (Names{"Users.json", "Users/alice.json"}));
  EXPECT_FALSE(unknown.facts.properties.contains("profile"));
}

TEST(DocumentParts, HaveNamesOfTheirOwn) {
  EXPECT_EQ(read_document(R"({"a":[{"id":"x"},{"id":"x"},{"id":"x~1"},{},{"id":3},{"id":"x"}],"a":1,"document":2,"a":{"b":{}}})").names(),
            (Names{"a.json", "a/3.json", "a/3~4.json", "a/x.json", "a/x~1.json", "a/x~1~2.json", "a/x~5.json", "a~1.json", "a~3.json", "a~3/b.json", "document~2.json"}));
  EXPECT_EQ(read_document(R"([{"name":"document"},{"name":"e","t":[{"id":1}],"t":[{"id":1},{"id":1}]}])").names(),
            (Names{"document~0.json", "e.json", "e/t/1.json", "e/t~2/1.json", "e/t~2/1~1.json"}));
}

// "s/a.json" is a file: nothing may lie beneath it.
TEST(DocumentParts, OfAnElementCalledLikeAFileLieElsewhere) {
  EXPECT_EQ(read_document(R"({"s":[{"name":"a"},{"name":"a.json","k":[{"name":"z"}]}],"s.json":[{"name":"q"}],"document.json":[{"id":4}]})").names(),
            (Names{"document%2Ejson.json", "document%2Ejson/4.json", "s%2Ejson.json", "s%2Ejson/q.json", "s.json", "s/a%2Ejson.json", "s/a%2Ejson/k/z.json",
                   "s/a.json"}));
  EXPECT_EQ(label_of_element("a%2Ejson"), "a.json");
  EXPECT_EQ(label_of_element("%2Ejson"), ".json");
  EXPECT_EQ(label_of_element("a%252Ejson"), "a%2Ejson");
  EXPECT_EQ(label_of_element("a.json"), "a.json");
  EXPECT_EQ(label_of_element("a%2E"), std::nullopt);
}

TEST(DocumentParts, HaveNamesOfABoundedLength) {
  const std::string x200(200, 'x'), x197(197, 'x');
  EXPECT_EQ(element_name(x200, 7), x200);
  EXPECT_EQ(element_name(x200 + "y", 7), x200 + "~7");
  EXPECT_EQ(element_name(x197 + "abä", 7), x197 + "ab~7");
  EXPECT_EQ(element_name(x197 + "a/b", 7), x197 + "a~7");
  EXPECT_EQ(element_name(x197 + "/b", 7), x197 + "%2F~7");
  EXPECT_EQ(element_name(std::string(300, '\x80'), 7), std::string(200, '\x80') + "~7");
  EXPECT_EQ(element_name(std::string(300, '/'), 7).size(), 198U + 2);
  EXPECT_EQ(element_name("", 7), "%");
}

TEST(DocumentParts, ManyNamesAreKeptApart) {
  UsedNames used;
  const auto claim = [&](std::string name, uint64_t place) {
    used.expect(name);
    used.claim(name, place);
    return name;
  };
  for (int round = 0; round < 2; ++round) {
    for (uint64_t i = 0; i < 5000; ++i) EXPECT_EQ(claim("n" + std::to_string(i), i), "n" + std::to_string(i));
    for (uint64_t i = 0; i < 5000; ++i) EXPECT_EQ(claim("n" + std::to_string(i), 7), "n" + std::to_string(i) + "~7");
    used.clear();
  }
}

TEST(DocumentParts, EndSomewhere) {
  const std::vector<DocumentProfile> none;
  DocumentParts parts(none, DocumentParts::Shape::kDocument, 3);
  JsonScanner scanner(parts);
  scanner.scan(view(R"({"a":[{"id":1},{"id":2},{"id":3}],"b":1})"));
  scanner.finish();
  const StreamParts facts = parts.finish(true);
  Part part;
  Names names;
  while (facts.sorted_parts->next(part)) names.push_back(part.name);
  EXPECT_EQ(names, (Names{"a.json", "a/1.json", "a/2.json"}));
  EXPECT_THAT(facts.warnings, ElementsAre("more than 3 sections and elements: the others are in the original only"));
}

TEST(DocumentParts, AreNotNamedWithoutBounds) {
  const std::vector<DocumentProfile> none;
  DocumentParts parts(none, DocumentParts::Shape::kDocument, 3);
  JsonScanner scanner(parts);
  scanner.scan(view(R"({"a":{"p":[],"q":[],"r":[{"id":1}],"s":{"t":{}}},"b":1,"c":{}})"));
  scanner.finish();
  const StreamParts facts = parts.finish(true);
  Part part;
  Names names;
  while (facts.sorted_parts->next(part)) names.push_back(part.name);
  EXPECT_EQ(names, (Names{"a.json"}));
  EXPECT_EQ(facts.warnings.size(), 1U);
}

TEST(DocumentParts, AreNotHeldWithoutBounds) {
  std::string json = R"([{"t":[)";
  for (int i = 0; i < 100'100; ++i) json += (i == 0 ? "{\"id\":" : ",{\"id\":") + std::to_string(i) + "}";
  const ReadDocumentParts read = read_document(json + R"(],"name":"e"},{"name":"f","t":[{"id":1}]}])");
  EXPECT_EQ(read.facts.warnings.size(), 1U);
  EXPECT_LE(read.parts.size(), 100'003U);
  EXPECT_GE(read.parts.size(), 100'003U);
  for (const char* name : {"e.json", "e/t/0.json", "e/t/99999.json", "f.json", "f/t/1.json"}) EXPECT_NE(read.part(name), nullptr) << name;
  // Long names fill memory sooner.
  json = R"([{"t":[)";
  for (int i = 0; i < 90'000; ++i) json += (i == 0 ? "{\"id\":\"" : ",{\"id\":\"") + std::string(194, 'x') + std::to_string(100'000 + i) + "\"}";
  EXPECT_EQ(read_document(json + R"(],"name":"e"}])").facts.warnings.size(), 1U);
}

}  // namespace
}  // namespace cairn
