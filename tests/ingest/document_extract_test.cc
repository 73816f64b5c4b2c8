#include "ingest/document/extract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Hands a text out in pieces.
ReadDocument in_pieces(std::string text, size_t piece = 7) {
  return [text = std::move(text), piece](const std::function<void(ByteView)>& bytes) {
    for (size_t at = 0; at < text.size(); at += piece) bytes(view(std::string_view(text).substr(at, piece)));
  };
}

struct Extract {
  std::string text;
  ExtractResult result;
};

Extract extract(const std::string& document, std::vector<std::string> only, const DocumentProfile* profile = nullptr,
                bool with_dependencies = false, size_t piece = 7) {
  Extract out;
  out.result = extract_document(in_pieces(document, piece), profile, {std::move(only), with_dependencies},
                                [&](ByteView bytes) { out.text += text(bytes); });
  EXPECT_EQ(out.result.bytes, out.text.size());
  return out;
}

// What it throws.
std::string refusal(const std::string& document, std::vector<std::string> only, ErrorCode code, const DocumentProfile* profile = nullptr) {
  try {
    extract(document, std::move(only), profile);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "taken: " << document;
  return "";
}

DocumentProfile knot() { return parse_document_profile(knot_profile(), "knot"); }

const std::string kSmall =
    R"({"Templates":[{"template_id":"t1","name":"php","job":"a\u003cb","updated_at":48293012345678849}],"Groups":null,"Roles":[],)"
    R"("Users":[{"User":{"user_id":"u1","username":"alice"},"Tokens":[{"token_id":"k"}],"Spaces":null},)"
    R"({"User":{"user_id":"u2","username":"bob"},"Tokens":null,"Spaces":[{"space_id":"s"}]}],"Version":1.50})";

TEST(DocumentExtract, UnwantedSectionsAreNull) {
  const Extract out = extract(kSmall, {"Templates"});
  EXPECT_EQ(out.text, R"({"Templates":[{"template_id":"t1","name":"php","job":"a\u003cb","updated_at":48293012345678849}],"Groups":null,)"
                      R"("Roles":null,"Users":null,"Version":null})");
  EXPECT_THAT(out.result.taken, ElementsAre("Templates: 1 of 1"));
  EXPECT_THAT(out.result.warnings, IsEmpty());
}

TEST(DocumentExtract, TheSameInPiecesOfAnySize) {
  const DocumentProfile profile = knot();
  const std::string whole = extract(kSmall, {"users/bob", "tokens", "templates"}, &profile, false, 1 << 20).text;
  for (size_t piece = 1; piece < kSmall.size(); ++piece) {
    EXPECT_EQ(extract(kSmall, {"users/bob", "tokens", "templates"}, &profile, false, piece).text, whole) << piece;
  }
}

TEST(DocumentExtract, OnlyTheMembersOfASectionStay) {
  const DocumentProfile profile = knot();
  const std::string users = R"({"Templates":null,"Groups":null,"Roles":null,)"
                            R"("Users":[{"User":{"user_id":"u1","username":"alice"},"Tokens":null,"Spaces":null},)"
                            R"({"User":{"user_id":"u2","username":"bob"},"Tokens":null,"Spaces":null}],"Version":null})";
  EXPECT_EQ(extract(kSmall, {"users"}, &profile).text, users);
  EXPECT_EQ(extract(kSmall, {"USERS"}, &profile).text, users);
  // tokens keep the user, and say so.
  const Extract tokens = extract(kSmall, {"tokens/alice"}, &profile);
  EXPECT_THAT(tokens.text, HasSubstr(R"("Users":[{"User":{"user_id":"u1","username":"alice"},"Tokens":[{"token_id":"k"}],"Spaces":null}],)"));
  EXPECT_THAT(tokens.result.taken, ElementsAre("Users: 1 of 2"));
  EXPECT_THAT(tokens.result.warnings, ElementsAre(HasSubstr("will overwrite")));
}

TEST(DocumentExtract, SeveralSectionsOfOneArrayAreJoined) {
  const DocumentProfile profile = knot();
  const Extract both = extract(kSmall, {"users", "tokens/alice", "spaces/u2"}, &profile);
  EXPECT_THAT(both.text, HasSubstr(R"("Users":[{"User":{"user_id":"u1","username":"alice"},"Tokens":[{"token_id":"k"}],"Spaces":null},)"
                                   R"({"User":{"user_id":"u2","username":"bob"},"Tokens":null,"Spaces":[{"space_id":"s"}]}])"));
  EXPECT_THAT(both.result.taken, ElementsAre("Users: 2 of 2"));
  EXPECT_THAT(both.result.warnings, IsEmpty());
}

TEST(DocumentExtract, ElementsAreLeftOutWithTheirCommas) {
  const std::string document = "{\n  \"a\" : [\n    {\"name\":\"x\"} ,\n    {\"name\":\"y\"},\n    {\"name\":\"z\"}\n  ]\n}\n";
  EXPECT_EQ(extract(document, {"a/x"}).text, "{\n  \"a\" : [\n    {\"name\":\"x\"}\n  ]\n}\n");
  EXPECT_EQ(extract(document, {"a/y"}).text, "{\n  \"a\" : [\n    {\"name\":\"y\"}\n  ]\n}\n");
  EXPECT_EQ(extract(document, {"a/z"}).text, "{\n  \"a\" : [\n    {\"name\":\"z\"}\n  ]\n}\n");
  EXPECT_EQ(extract(document, {"a/x", "a/z"}).text, "{\n  \"a\" : [\n    {\"name\":\"x\"},\n    {\"name\":\"z\"}\n  ]\n}\n");
  EXPECT_EQ(extract(document, {"a"}).text, document);
}

TEST(DocumentExtract, ElementsAreCalledAsInTheCatalogue) {
  const std::string document = R"({"a":[{"id":7},{"username":"u","name":"a/b"},"text",{"name":"%"},{"name":"a/b"},{"email":null}]})";
  EXPECT_EQ(extract(document, {"a/7"}).text, R"({"a":[{"id":7}]})");
  EXPECT_EQ(extract(document, {"a/7.json"}).text, R"({"a":[{"id":7}]})");
  EXPECT_EQ(extract(document, {"a/2"}).text, R"({"a":["text"]})");
  EXPECT_EQ(extract(document, {"a/5"}).text, R"({"a":[{"email":null}]})");
  EXPECT_EQ(extract(document, {"a/a/b"}).text, R"({"a":[{"username":"u","name":"a/b"},{"name":"a/b"}]})");
  EXPECT_EQ(extract(document, {"a/a%2Fb~4.json"}).text, R"({"a":[{"name":"a/b"}]})");
  EXPECT_EQ(extract(document, {"a/%"}).text, R"({"a":[{"name":"%"}]})");
  EXPECT_EQ(extract(document, {"a/%25"}).text, R"({"a":[{"name":"%"}]})");
  // The first label counts, not any of them.
  EXPECT_THAT(refusal(document, {"a/u"}, ErrorCode::kNotFound), HasSubstr("\"a\" has no element called \"u\""));
}

TEST(DocumentExtract, NamesWithTheEndingOfFiles) {
  const std::string document = R"({"a":[{"name":"x.json"},{"name":"y"}],"a.json":[{"name":"z"}]})";
  EXPECT_EQ(extract(document, {"a%2Ejson"}).text, R"({"a":null,"a.json":[{"name":"z"}]})");
  EXPECT_EQ(extract(document, {"a.json"}).text, R"({"a":null,"a.json":[{"name":"z"}]})");
  for (const std::string name : {"a/x%2Ejson", "a/x%2Ejson.json", "a/x.json"})
    EXPECT_EQ(extract(document, {name}).text, R"({"a":[{"name":"x.json"}],"a.json":null})") << name;
}

TEST(DocumentExtract, MembersOfAnObjectAreElementsToo) {
  const std::string document = R"({"o":{"x":{"v":1},"y":2,"z\n":[3]},"other":{}})";
  EXPECT_EQ(extract(document, {"o/y"}).text, R"({"o":{"y":2},"other":null})");
  EXPECT_EQ(extract(document, {"o/x", "o/z%0A"}).text, R"({"o":{"x":{"v":1},"z\n":[3]},"other":null})");
  EXPECT_EQ(extract(document, {"other"}).text, R"({"o":null,"other":{}})");
  EXPECT_THAT(extract(document, {"o/y"}).result.taken, ElementsAre("o: 1 of 3"));
}

TEST(DocumentExtract, SectionsThatAreNoArrays) {
  EXPECT_EQ(extract(R"({"a":1e400,"b":"x","c":null})", {"a"}).text, R"({"a":1e400,"b":null,"c":null})");
  EXPECT_EQ(extract(R"({"a":1e400,"b":"x","c":null})", {"b"}).text, R"({"a":null,"b":"x","c":null})");
  const Extract out = extract(kSmall, {"Groups"});
  EXPECT_THAT(out.result.warnings, ElementsAre(HasSubstr("\"Groups\" is null")));
  EXPECT_THAT(out.result.taken, IsEmpty());
  EXPECT_EQ(extract(R"({"a/b":[1],"c":[2]})", {"a%2Fb"}).text, R"({"a/b":[1],"c":null})");
}

TEST(DocumentExtract, WhatMakesNoSenseIsRefused) {
  const DocumentProfile profile = knot();
  EXPECT_THAT(refusal(kSmall, {"nobody"}, ErrorCode::kNotFound), 
              HasSubstr("no section \"nobody\"; it has: Templates, Groups, Roles, Users, Version"));
  EXPECT_THAT(refusal(kSmall, {"skills"}, ErrorCode::kNotFound, &profile), HasSubstr("Users (users, tokens, spaces)"));
  EXPECT_THAT(refusal(kSmall, {"users/carol", "users/alice"}, ErrorCode::kNotFound, &profile), HasSubstr("no element called \"carol\""));
  refusal(kSmall, {}, ErrorCode::kInvalidArgument);
  refusal(kSmall, {""}, ErrorCode::kInvalidArgument);
  refusal(kSmall, {"users/"}, ErrorCode::kInvalidArgument);
  refusal(kSmall, {"/alice"}, ErrorCode::kInvalidArgument);
  EXPECT_THAT(refusal("[{}]", {"a"}, ErrorCode::kInvalidArgument), HasSubstr("it is an array"));
  EXPECT_THAT(refusal("{\"a\":1}\n{\"a\":2}", {"a"}, ErrorCode::kInvalidArgument), HasSubstr("several values"));
  refusal("17", {"a"}, ErrorCode::kInvalidArgument);
  refusal("", {"a"}, ErrorCode::kCorrupt);
  EXPECT_THAT(refusal(R"({"a":[1,})", {"a"}, ErrorCode::kCorrupt), HasSubstr("byte"));
  refusal(R"({"a":[1,2)", {"a"}, ErrorCode::kCorrupt);
}

TEST(DocumentExtract, DependenciesComeAlong) {
  const DocumentProfile profile = knot();
  const std::string document =
      R"({"Templates":[{"template_id":"t1","groups":["g1"],"startup_script_id":"c1","created_user_id":"u2"},{"template_id":"t2"}],)"
      R"("Groups":[{"group_id":"g1"},{"group_id":"g2"}],"Roles":[{"role_id":"r1"},{"role_id":"r2"},{"role_id":"r3"}],)"
      R"("Users":[{"User":{"user_id":"u1","username":"alice","roles":["r1"]},"Tokens":[],)"
      R"("Spaces":[{"space_id":"s","user_id":"u1","template_id":"t1"}]},)"
      R"({"User":{"user_id":"u2","username":"bob","roles":["r2"],"groups":null},"Tokens":[],)"
      R"("Spaces":[{"template_id":"t2","user_id":"u2"}]},)"
      R"({"User":{"user_id":"u3","username":"carol","roles":["r3"]},"Tokens":[],"Spaces":[]}],)"
      R"("Scripts":[{"script_id":"c0"},{"script_id":"c1","user_id":""}]})";
  // alice's space → its template → group, script, and bob, who made it → his role; not his spaces.
  const Extract out = extract(document, {"spaces/alice"}, &profile, true);
  EXPECT_EQ(out.text,
            R"({"Templates":[{"template_id":"t1","groups":["g1"],"startup_script_id":"c1","created_user_id":"u2"}],)"
            R"("Groups":[{"group_id":"g1"}],"Roles":[{"role_id":"r1"},{"role_id":"r2"}],)"
            R"("Users":[{"User":{"user_id":"u1","username":"alice","roles":["r1"]},"Tokens":null,)"
            R"("Spaces":[{"space_id":"s","user_id":"u1","template_id":"t1"}]},)"
            R"({"User":{"user_id":"u2","username":"bob","roles":["r2"],"groups":null},"Tokens":null,"Spaces":null}],)"
            R"("Scripts":[{"script_id":"c1","user_id":""}]})");
  EXPECT_THAT(out.result.taken, ElementsAre("Templates: 1 of 2", "Groups: 1 of 2", "Roles: 2 of 3", "Users: 2 of 3", "Scripts: 1 of 2"));
  // Without them only what was asked for.
  EXPECT_THAT(extract(document, {"spaces/alice"}, &profile).result.taken, ElementsAre("Users: 1 of 3"));
}

TEST(DocumentExtract, WhatIsNeededAndNotThereIsTold) {
  const DocumentProfile profile = knot();
  const std::string document =
      R"({"Roles":null,"Groups":[{"group_id":"g1"}],)"
      R"("Users":[{"User":{"user_id":"u1","roles":["r9","00000000-0000-0000-0000-000000000000"],"groups":["g1","g7"]}}]})";
  const Extract out = extract(document, {"users"}, &profile, true);
  EXPECT_EQ(out.text, document);
  EXPECT_THAT(out.result.warnings, ElementsAre("needed, but not in the document: of groups g7",
                                               "needed, but not in the document: of roles r9"));
  EXPECT_THAT(extract(document, {"Users"}, nullptr, true).result.warnings, ElementsAre(HasSubstr("nothing is known")));
}

TEST(DocumentExtract, LongSectionsPassAndLongElementsAreRefused) {
  // A section of 80 MiB; an element of as much.
  const std::string value(80 << 20, 'x');
  const auto read = [&](const std::function<void(ByteView)>& bytes) {
    bytes(view(R"({"long":[{"name":"a","text":")"));
    bytes(view(value));
    bytes(view(R"("}],"other":[1]})"));
  };
  uint64_t written = 0;
  const auto count = [&](ByteView bytes) { written += bytes.size(); };
  EXPECT_EQ(extract_document(read, nullptr, {{"other"}, false}, count).bytes, std::string_view(R"({"long":null,"other":[1]})").size());
  written = 0;
  EXPECT_GT(extract_document(read, nullptr, {{"long"}, false}, count).bytes, value.size());
  EXPECT_GT(written, value.size());
  try {
    extract_document(read, nullptr, {{"long/a"}, false}, count);
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("element 0 of \"long\""));
  }
}

// knot's own sections, counted by Python's json.
class KnotExtract : public testing::TestWithParam<std::string> {
 protected:
  static std::string knot_tool(const std::string& name) { return "python3 '" + std::string(CAIRN_TESTS) + "/knot/" + name + "' "; }
};

TEST_P(KnotExtract, IsWhatShouldBeLeft) {
  TempDir dir;
  const std::string original = dir / "backup.json", out = dir / "extract.json";
  ASSERT_EQ(std::system((knot_tool("knot_backup.py") + "--users 15 --output " + original).c_str()), 0);
  std::ifstream in(original, std::ios::binary);
  const std::string document{std::istreambuf_iterator<char>(in), {}};
  ASSERT_GT(document.size(), 10'000U);

  std::vector<std::string> only;
  bool with_dependencies = false;
  for (size_t at = 0; at < GetParam().size();) {
    const size_t end = std::min(GetParam().find(' ', at), GetParam().size());
    const std::string word = GetParam().substr(at, end - at);
    if (word.starts_with("--")) {
      with_dependencies = true;
    } else {
      only.push_back(word);
    }
    at = end + 1;
  }
  const DocumentProfile profile = knot();
  const Extract made = extract(document, only, &profile, with_dependencies, 10'007);
  EXPECT_THAT(made.result.warnings, testing::Not(testing::Contains(HasSubstr("not in the document"))));
  std::ofstream(out, std::ios::binary) << made.text;
  EXPECT_EQ(std::system((knot_tool("check_extract.py") + original + " " + out + " " + GetParam()).c_str()), 0);
}

INSTANTIATE_TEST_SUITE_P(Selections, KnotExtract,
                         testing::Values("users", "groups roles", "variables volumes scripts", "skills commands responses",
                                         "tokens", "spaces",
                                         "Users/alice", "users/alice tokens/bob spaces/carol", "Templates/template1 TemplateVars",
                                         "users tokens spaces", "AuditLogs/3 CfgValues audit", "users --with-dependencies",
                                         "spaces/alice --with-dependencies", "templates/template0 responses --with-dependencies",
                                         "tokens/alice commands/command1 --with-dependencies", "groups/group0 config --with-dependencies"));

}  // namespace
}  // namespace cairn
