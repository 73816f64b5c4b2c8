#include "cli/arguments.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

using Words = std::vector<std::string>;

// A parser with one command, as the program builds it.
class ArgumentsTest : public testing::Test {
 protected:
  ArgumentsTest() : parser_("tool", "does things", "more", "tool 1.0") {
    ::unsetenv("TOOL_PLACE");
    ::unsetenv("TOOL_CONFIG");
    parser_.set_global([this](Arguments& to) {
      to.text("-r,--place", "PLACE", place_, "where");
      to.flag("--json", json_, "for programs");
    });
    parser_.set_variable("--place", "TOOL_PLACE");
    parser_.set_configuration_file(folder_ / "default.toml", "TOOL_CONFIG");
    Arguments& save = parser_.add_command({"save", "[OPTIONS] THING...", "saves", "details"});
    save.list("--tag", "TAG", tags_, "a tag");
    save.flag("-f,--force", force_, "force it");
    save.choice("--kind", {"a", "b"}, kind_, "which");
    save.optional_text("part", "PERCENT", "100", part_, "how much");
    save.text("--command", "NAME", command_, "run it");
    save.positionals(1, 3, things_, "THING is missing");
    save.words_after_dashes("--command", words_);
    parser_.add_command({"list", "", "lists", "details"});
  }

  std::string parse(const Words& words) {
    std::string answer;
    return parser_.parse(words, &answer);
  }

  TempDir folder_;
  std::string place_, kind_ = "a", part_, command_;
  bool json_ = false, force_ = false;
  Words tags_, things_, words_;
  Parser parser_;
};

TEST_F(ArgumentsTest, PositionalArgumentsComeAsTheyAre) {
  EXPECT_EQ(parse({"save", "[a,b]", "list", "-"}), "save");
  EXPECT_EQ(things_, (Words{"[a,b]", "list", "-"}));
}

TEST_F(ArgumentsTest, WhatFollowsTwoDashesIsPositional) {
  parse({"save", "x", "--", "-f", "--tag"});
  EXPECT_EQ(things_, (Words{"x", "-f", "--tag"}));
  EXPECT_FALSE(force_);
}

TEST_F(ArgumentsTest, OrTheWordsOfACommand) {
  parse({"save", "x", "--command", "db", "--", "dump", "--", "-f"});
  EXPECT_EQ(things_, (Words{"x"}));
  EXPECT_EQ(words_, (Words{"dump", "--", "-f"}));
}

TEST_F(ArgumentsTest, ListOptionsTakeOneValueEach) {
  parse({"save", "--tag", "a", "x", "--tag=[b]", "y"});
  EXPECT_EQ(tags_, (Words{"a", "[b]"}));
  EXPECT_EQ(things_, (Words{"x", "y"}));
}

TEST_F(ArgumentsTest, GlobalOptionsStandAnywhereAndTheLastOneCounts) {
  parse({"-r", "one", "save", "x", "--place=two", "--json", "--json"});
  EXPECT_EQ(place_, "two");
  EXPECT_TRUE(json_);
}

TEST_F(ArgumentsTest, VariablesGiveWay) {
  ::setenv("TOOL_PLACE", "variable", 1);
  parse({"list"});
  EXPECT_EQ(place_, "variable");
}

TEST_F(ArgumentsTest, TypedOptionsBeatVariables) {
  ::setenv("TOOL_PLACE", "variable", 1);
  parse({"--place", "typed", "list"});
  EXPECT_EQ(place_, "typed");
}

TEST_F(ArgumentsTest, TheFileComesLast) {
  std::ofstream(folder_ / "other.toml") << "place = \"file\"\njson = true\n[save]\ntag = [\"a\", \"b\"]\n";
  ::setenv("TOOL_PLACE", "variable", 1);
  parse({"save", "x", "--config", folder_ / "other.toml"});
  EXPECT_EQ(place_, "variable");
  EXPECT_TRUE(json_);
  EXPECT_EQ(tags_, (Words{"a", "b"}));
}

TEST_F(ArgumentsTest, AFileThatWasAskedForMustBeThere) {
  ::setenv("TOOL_CONFIG", (folder_ / "missing.toml").c_str(), 1);
  EXPECT_THROW(parse({"list"}), UsageError);
}

TEST_F(ArgumentsTest, UnknownWordsInTheFileAreRefused) {
  std::ofstream(folder_ / "default.toml") << "plaec = \"file\"\n";
  EXPECT_THROW(parse({"list"}), UsageError);
}

TEST_F(ArgumentsTest, OptionalValuesNeedAnEqualsSign) {
  parse({"save", "--part", "10"});
  EXPECT_EQ(part_, "100");
  EXPECT_EQ(things_, (Words{"10"}));
}

TEST_F(ArgumentsTest, OptionalValues) {
  parse({"save", "--part=10", "x"});
  EXPECT_EQ(part_, "10");
}

class RefusedArguments : public ArgumentsTest, public testing::WithParamInterface<Words> {};
TEST_P(RefusedArguments, AreUsageErrors) { EXPECT_THROW(parse(GetParam()), UsageError); }
INSTANTIATE_TEST_SUITE_P(Arguments, RefusedArguments,
                         testing::Values(Words{}, Words{"frob"}, Words{"save"}, Words{"save", "1", "2", "3", "4"},
                                         Words{"--frob", "list"}, Words{"save", "x", "--frob"}, Words{"save", "x", "-z"},
                                         Words{"save", "x", "--kind", "c"}, Words{"save", "x", "--tag"},
                                         Words{"list", "--tag", "a"}, Words{"list", "x"}, Words{"--", "list"},
                                         Words{"list", "--config"}, Words{"save", "--place=", "x"}));

TEST_F(ArgumentsTest, HelpOfACommandHasItsUsage) {
  std::string answer;
  EXPECT_EQ(parser_.parse({"save", "--help"}, &answer), "");
  EXPECT_NE(answer.find("Usage: tool save [OPTIONS] THING..."), std::string::npos) << answer;
  EXPECT_NE(answer.find("--part[=PERCENT]"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("part-value"), std::string::npos) << answer;
}

TEST_F(ArgumentsTest, OutlineHasEveryCommandAndItsChoices) {
  parse({"list"});
  const auto outline = parser_.outline();
  ASSERT_EQ(outline.size(), 2u);
  EXPECT_EQ(outline[0].name, "save");
  Words choices;
  for (const OptionOutline& option : outline[0].options)
    if (option.names.back() == "--kind") choices = option.choices;
  EXPECT_EQ(choices, (Words{"a", "b"}));
}

}  // namespace
}  // namespace cairn
