#include "ingest/document/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "ingest/document/member_path.h"
#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kShop = R"toml(name = "shop"
detect = ["Orders", "Customers"]

[[section]]
name = "orders"
path = "Orders"
member = "Order"
keep = ["Lines"]
label = ["Order.number", "id"]
warning = "mind the stock"
needs = [ { from = "Lines[].customer", section = "customers", by = "id" } ]

[[section]]
name = "customers"
path = "Customers"
)toml";

std::string refusal(const std::string& toml) {
  try {
    parse_document_profile(toml, "shop.toml");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("shop.toml: line "));
    return error.what();
  }
  ADD_FAILURE() << "understood: " << toml;
  return "";
}

// The text with one thing changed.
std::string changed(const std::string& from, const std::string& to) {
  std::string out(kShop);
  const size_t at = out.find(from);
  EXPECT_NE(at, out.npos) << from;
  return out.replace(at, from.size(), to);
}

TEST(DocumentProfileText, IsRead) {
  const DocumentProfile shop = parse_document_profile(kShop, "shop.toml");
  EXPECT_EQ(shop.name, "shop");
  EXPECT_THAT(shop.detect, ElementsAre("Orders", "Customers"));
  ASSERT_EQ(shop.sections.size(), 2U);
  const DocumentSection& orders = shop.sections[0];
  EXPECT_EQ(orders.name, "orders");
  EXPECT_EQ(orders.path, "Orders");
  EXPECT_EQ(orders.member, "Order");
  EXPECT_THAT(orders.keep, ElementsAre("Lines"));
  EXPECT_THAT(orders.label, ElementsAre("Order.number", "id"));
  EXPECT_EQ(orders.warning, "mind the stock");
  ASSERT_EQ(orders.needs.size(), 1U);
  EXPECT_EQ(orders.needs[0].from, "Lines[].customer");
  EXPECT_EQ(orders.needs[0].section, "customers");
  EXPECT_EQ(orders.needs[0].by, "id");
  EXPECT_TRUE(shop.sections[1].member.empty());

  EXPECT_EQ(shop.section("ORDERS"), &shop.sections[0]);
  EXPECT_EQ(shop.section("customers"), &shop.sections[1]);
  EXPECT_EQ(shop.section("order"), nullptr);
}

TEST(DocumentProfileText, MistakesAreToldWithTheirLine) {
  EXPECT_THAT(refusal(changed("member =", "members =")),
              AllOf(HasSubstr("line 7"), HasSubstr("\"members\" means nothing"), HasSubstr("label")));
  EXPECT_THAT(refusal(changed("detect =", "detects =")), HasSubstr("line 2: \"detects\""));
  EXPECT_THAT(refusal(changed("from =", "form =")), HasSubstr("\"form\" means nothing"));
  EXPECT_THAT(refusal(changed("name = \"shop\"", "")), HasSubstr("\"name\" is missing"));
  EXPECT_THAT(refusal(changed("path = \"Customers\"", "")), HasSubstr("line 13: \"path\" is missing"));
  EXPECT_THAT(refusal(changed("[\"Orders\", \"Customers\"]", "[]")), HasSubstr("\"detect\" is missing"));
  EXPECT_THAT(refusal(changed("[\"Orders\", \"Customers\"]", "\"Orders\"")), HasSubstr("must be a list of texts"));
  EXPECT_THAT(refusal(changed("[\"Orders\", \"Customers\"]", "[1]")), HasSubstr("text in quotes"));
  EXPECT_THAT(refusal(changed("member = \"Order\"", "")), HasSubstr("without \"member\""));
  EXPECT_THAT(refusal(changed("\"Order.number\"", "\"Order..number\"")), HasSubstr("line 9: \"Order..number\" is no path"));
  EXPECT_THAT(refusal(changed("\"Order.number\"", "\"Order[].number\"")), HasSubstr("is no path"));
  EXPECT_THAT(refusal(changed("Lines[].customer", "Lines[0].customer")), HasSubstr("is no path"));
  EXPECT_THAT(refusal(changed("section = \"customers\"", "section = \"clients\"")),
              HasSubstr("needs \"clients\", which is no section's name"));
  EXPECT_THAT(refusal(changed("name = \"customers\"", "name = \"Orders\"")), HasSubstr("two sections called"));
  EXPECT_THAT(refusal(changed("name = \"customers\"", "name = \"a/b\"")), HasSubstr("can't have a '/'"));
  EXPECT_THAT(refusal(changed("detect = [", "detect = ")), HasSubstr("line 2"));
  EXPECT_THAT(refusal("name = \"x\"\ndetect = [\"a\"]\n"), HasSubstr("no [[section]]"));
  EXPECT_THAT(refusal("name = \"x\"\ndetect = [\"a\"]\nsection = 5\n"), HasSubstr("list of tables"));
  refusal("");
  refusal(std::string("name = \"\0\"", 10));
}

TEST(DocumentProfileText, KnotsNamesAreKnown) {
  const DocumentProfile knot = parse_document_profile(knot_profile(), "knot");
  const std::pair<const char*, const char*> sections[] = {
      {"users", "Users"}, {"tokens", "Users"}, {"spaces", "Users"}, {"groups", "Groups"}, {"roles", "Roles"}, {"templates", "Templates"},
      {"variables", "TemplateVars"}, {"volumes", "Volumes"}, {"scripts", "Scripts"}, {"skills", "Skills"}, {"commands", "Commands"},
      {"responses", "Responses"}, {"config", "CfgValues"}, {"audit", "AuditLogs"}};
  EXPECT_EQ(knot.sections.size(), std::size(sections));
  for (const auto& [name, path] : sections) {
    ASSERT_NE(knot.section(name), nullptr) << name;
    EXPECT_EQ(knot.section(name)->path, path);
    EXPECT_FALSE(knot.section(name)->label.empty());
  }
  EXPECT_EQ(knot.section("cfgvalues"), knot.section("config"));
  EXPECT_EQ(knot.section("Users"), knot.section("users"));
  EXPECT_THAT(knot.section("tokens")->keep, ElementsAre("User"));
  EXPECT_THAT(knot.section("tokens")->warning, HasSubstr("overwrite"));
  EXPECT_THAT(knot.section("spaces")->warning, HasSubstr("started_at"));
}

TEST(MemberPaths, AreParsed) {
  EXPECT_EQ(parse_member_path("a"), (MemberPath{"a"}));
  EXPECT_EQ(parse_member_path("User.roles[]"), (MemberPath{"User", "roles", "[]"}));
  EXPECT_EQ(parse_member_path("a[][].b"), (MemberPath{"a", "[]", "[]", "b"}));
  for (const char* wrong : {"", ".", "a.", ".a", "[]", "a[", "a]b", "a[1]", "a.[]", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q"}) {
    EXPECT_FALSE(parse_member_path(wrong)) << wrong;
  }
  EXPECT_TRUE(same_member("UserName", "username"));
  EXPECT_FALSE(same_member("Ä", "ä"));
  EXPECT_FALSE(same_member("user", "users"));
}

// Profiles of the configuration.
class DocumentProfiles : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("XDG_CONFIG_HOME", dir_.path().c_str(), 1);
    ::unsetenv("CAIRN_DOCUMENT_PROFILES");
  }
  void TearDown() override {
    ::unsetenv("XDG_CONFIG_HOME");
    ::unsetenv("CAIRN_DOCUMENT_PROFILES");
  }
  void put(const std::string& path, std::string_view text) {
    std::filesystem::create_directories(std::filesystem::path(dir_ / path).parent_path());
    std::ofstream(dir_ / path) << text;
  }
  static std::vector<std::string> names() {
    std::vector<std::string> out;
    for (const DocumentProfile& profile : document_profiles()) out.push_back(profile.name);
    return out;
  }
  static std::string refusal() {
    try {
      document_profiles();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      return error.what();
    }
    ADD_FAILURE() << "understood";
    return "";
  }
  static std::string simple(const std::string& name) {
    return "name = \"" + name + "\"\ndetect = [\"a\"]\n[[section]]\nname = \"s\"\npath = \"a\"\n";
  }
  TempDir dir_;
};

TEST_F(DocumentProfiles, KnotIsBuiltIn) { EXPECT_THAT(names(), testing::Contains("knot")); }

TEST_F(DocumentProfiles, ThoseOfTheConfigurationCount) {
  put("cairn/documents/b.toml", kShop);
  put("cairn/documents/a.toml", simple("garden"));
  put("cairn/documents/notes.txt", "no profile");
  put("cairn/documents/.hidden.toml", "no profile");
  EXPECT_THAT(names(), ElementsAre("garden", "shop", "knot"));
  // In place of the built-in one.
  put("cairn/documents/c.toml", simple("Knot"));
  EXPECT_THAT(names(), ElementsAre("garden", "shop", "Knot"));
}

TEST_F(DocumentProfiles, AVariableNamesTheirDirectory) {
  put("cairn/documents/a.toml", simple("garden"));
  put("mine/a.toml", simple("kitchen"));
  ::setenv("CAIRN_DOCUMENT_PROFILES", (dir_ / "mine").c_str(), 1);
  EXPECT_THAT(names(), ElementsAre("kitchen", "knot"));
  ::setenv("CAIRN_DOCUMENT_PROFILES", (dir_ / "none").c_str(), 1);
  EXPECT_THAT(refusal(), HasSubstr("/none: No such file"));
}

TEST_F(DocumentProfiles, WhatCantBeUnderstoodIsToldWithItsFile) {
  put("cairn/documents/a.toml", "name = 'x'\ndetect = ['a']\nsecton = 1\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("documents/a.toml: line 3"), HasSubstr("secton")));
  put("cairn/documents/a.toml", simple("garden"));
  put("cairn/documents/b.toml", simple("Garden"));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("b.toml"), HasSubstr("\"Garden\"")));
  put("cairn/documents/b.toml", std::string(2 << 20, '#'));
  EXPECT_THAT(refusal(), HasSubstr("longer than 1 MiB"));
  std::filesystem::remove(dir_ / "cairn/documents/b.toml");
  std::filesystem::create_directory(dir_ / "cairn/documents/c.toml");
  EXPECT_THAT(refusal(), HasSubstr("c.toml: can't be read"));
}

}  // namespace
}  // namespace cairn
