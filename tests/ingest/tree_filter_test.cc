#include "ingest/tree/filter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <random>

#include "store/error.h"
#include "tests/ingest/naive_glob.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

PatternList list_of(const std::vector<std::string>& patterns) {
  PatternList out;
  for (const std::string& pattern : patterns) out.add(pattern);
  return out;
}

ErrorCode code_of_adding(const std::string& pattern) {
  try {
    list_of({pattern});
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "accepted: " << pattern;
  return ErrorCode::kIo;
}

TEST(Glob, MatchesByTheBook) {
  const struct {
    const char* pattern;
    const char* path;
    bool matches;
  } kCases[] = {
      {"a", "a", true},           {"a", "b", false},           {"a", "a/b", false},          {"a/b", "a/b", true},
      {"*", "abc", true},         {"*", "a/b", false},         {"*", "", false},             {"a*", "a", true},
      {"*.o", "x.o", true},       {"*.o", ".o", true},         {"*.o", "x.oo", false},       {"*.o", "d/x.o", false},
      {"a*b*c", "a__b__c", true}, {"a*b*c", "a__c__b", false}, {"a*b*c", "abbcbc", true},    {"?", "\xff", true},
      {"?", "/", false},          {"a?c", "a/c", false},       {"??", "a", false},           {"***", "abc", true},
      {"**", "a", true},          {"**", "a/b/c", true},       {"**", "", false},            {"a/**", "a", false},
      {"a/**", "a/b", true},      {"a/**", "a/b/c", true},     {"a/**", "ab", false},        {"**/b", "b", true},
      {"**/b", "a/a/b", true},    {"**/b", "ab", false},       {"a/**/b", "a/b", true},      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "a/x/y/c", false}, {"a/**/b/**/c", "a/b/x/b/c", true}, {"a/**/b/**/c", "a/c/b", false}, {"a**b", "axxb", true},
      {"a**b", "a/b", false},     {"**/**/a", "a", true},      {"[a-c]", "b", true},         {"[a-c]", "d", false},
      {"[!a-c]", "b", false},     {"[!a-c]", "d", true},       {"[^a-c]", "d", true},        {"[]]", "]", true},
      {"[!]]", "]", false},       {"[!]]", "x", true},         {"[a-]", "-", true},          {"[-a]", "-", true},
      {"[\\]]", "]", true},       {"[a\\-c]", "b", false},     {"[a\\-c]", "-", true},       {"[z-a]", "m", false},
      {"[!a]", "/", false},       {"x[!a]y", "x/y", false},    {"\\*", "*", true},           {"\\*", "x", false},
      {"\\a", "a", true},         {"\\\\", "\\", true},        {"[", "[", true},             {"[a", "[a", true},
      {"a\\", "a\\", true},       {"\x80-\xff", "\x80-\xff", true}, {"[\x80-\xff]", "\xc3", true}, {"a b\n", "a b\n", true},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(glob_match(one.pattern, one.path), one.matches) << one.pattern << " on " << one.path;
    EXPECT_EQ(naive_glob(one.pattern, one.path), one.matches) << "the reference: " << one.pattern << " on " << one.path;
  }
}

TEST(Glob, AgreesWithTheNaiveMatcherOnRandomPatterns) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto draw = [&](std::string_view alphabet, size_t longest) {
    std::string out;
    for (size_t size = random() % (longest + 1); out.size() < size;) out += alphabet[random() % alphabet.size()];
    return out;
  };
  size_t matched = 0;
  for (int i = 0; i < 300000; ++i) {
    const std::string pattern = draw(i % 2 ? "ab*?/*/**" : "ab*?/[]!^-\\*/", 10), path = draw("aab-/]b", 9);
    const bool expected = naive_glob(pattern, path);
    ASSERT_EQ(glob_match(pattern, path), expected) << pattern << " on " << path;
    matched += expected;
  }
  EXPECT_GT(matched, 1000U);  // else the test says little
}

TEST(Glob, TakesNoExponentialTime) {
  std::string stars, levels, name(250, 'a'), path;
  for (int i = 0; i < 100; ++i) stars += "*a";
  for (int i = 0; i < 200; ++i) levels += "**/a/";
  for (int i = 0; i < 1000; ++i) path += "a/";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(glob_match(stars + "b", name));
  EXPECT_FALSE(glob_match(levels + "b", path + "c"));
  EXPECT_FALSE(glob_match("**/*a*a*a*a*b/**/*a*a*a*b/x", path + "c"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST(PatternList, DecidesByTheKindOfPattern) {
  const struct {
    std::vector<std::string> patterns;
    const char* path;
    bool is_directory, matches;
  } kCases[] = {
      // A name, at any depth.
      {{"*.o"}, "x.o", false, true},
      {{"*.o"}, "d/e/x.o", false, true},
      {{"*.o"}, "x.o/y", false, false},
      {{"core"}, "d/core", true, true},
      {{"core"}, "d/score", false, false},
      // Anchored at the root.
      {{"/tmp"}, "tmp", true, true},
      {{"/tmp"}, "d/tmp", true, false},
      {{"/a/*.o"}, "a/x.o", false, true},
      {{"/a/*.o"}, "b/a/x.o", false, false},
      {{"//a//b"}, "a/b", false, true},
      {{"/a/**/b"}, "a/x/y/b", false, true},
      // With an inner slash, at any depth.
      {{"a/b"}, "a/b", false, true},
      {{"a/b"}, "x/y/a/b", false, true},
      {{"a/b"}, "xa/b", false, false},
      {{"a/*/c"}, "x/a/b/a/d/c", false, true},
      {{"a/b"}, "a/b/c", false, false},
      {{"a/b"}, "a/a/b", false, true},
      // Directories only.
      {{"cache/"}, "cache", true, true},
      {{"cache/"}, "cache", false, false},
      {{"/a/cache/"}, "a/cache", true, true},
      {{"a/**/"}, "a/b", false, false},
      // The last match decides.
      {{"*.o", "!keep.o"}, "keep.o", false, false},
      {{"*.o", "!keep.o"}, "x.o", false, true},
      {{"!keep.o", "*.o"}, "keep.o", false, true},
      {{"*.o", "!keep.o", "/d/keep.o"}, "d/keep.o", false, true},
      {{"!x"}, "y", false, false},
      // Quoted.
      {{"\\!x"}, "!x", false, true},
      {{"\\#x"}, "#x", false, true},
      {{"a\\*"}, "ab", false, false},
      // The root is never matched, nor does an empty list match.
      {{"*", "**"}, "", true, false},
      {{}, "a", false, false},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(list_of(one.patterns).matches(one.path, one.is_directory), one.matches)
        << (one.patterns.empty() ? "" : one.patterns[0]) << " on " << one.path;
  }
}

TEST(PatternList, CoversWhatIsBeneathAMatchedDirectory) {
  const PatternList list = list_of({"cache/", "!cache/keep"});
  EXPECT_TRUE(list.covers("a/cache", true));
  EXPECT_FALSE(list.covers("a/cache", false));
  EXPECT_TRUE(list.covers("a/cache/x/y", false));
  EXPECT_TRUE(list.covers("cache/keep", false));  // an excluded directory isn't entered
  EXPECT_FALSE(list.covers("a/b", false));
  EXPECT_FALSE(list.covers("", true));
}

TEST(PatternList, SaysWhetherSomethingBeneathMayMatch) {
  const PatternList anchored = list_of({"/srv/www/*.html", "/etc/**/x", "!/home/joe"});
  EXPECT_TRUE(anchored.may_match_beneath(""));
  EXPECT_TRUE(anchored.may_match_beneath("srv"));
  EXPECT_TRUE(anchored.may_match_beneath("srv/www"));
  EXPECT_FALSE(anchored.may_match_beneath("srv/www/d"));
  EXPECT_FALSE(anchored.may_match_beneath("srv/ftp"));
  EXPECT_TRUE(anchored.may_match_beneath("etc/a/b/c"));
  EXPECT_FALSE(anchored.may_match_beneath("home"));
  EXPECT_TRUE(anchored.may_match_beneath("srv/www/a.html/b"));  // beneath a match
  EXPECT_TRUE(list_of({"*.html"}).may_match_beneath("any/where"));
  EXPECT_FALSE(PatternList().may_match_beneath(""));
}

TEST(PatternList, TakesPatternsThatBeginWithTheSource) {
  const std::vector<std::string> roots = {"/srv/[x]", "/data/real"};
  const struct {
    const char* pattern;
    const char* path;
    bool matches;
  } kCases[] = {
      {"/srv/[x]/tmp", "tmp", true},       {"/srv/\\[x]/tmp", "tmp", true},   {"/data/real/tmp", "tmp", true},
      {"/data/real/tmp", "a/tmp", false},  {"/data/realm/tmp", "tmp", false}, {"/data/real", "anything", true},
      {"/data/real/", "anything", true},   {"data/real/tmp", "tmp", false},   {"/tmp", "tmp", true},
      {"/data/real/data/real/x", "data/real/x", true}, {"/data/real-tmp", "tmp", false},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(list_of({one.pattern}).relative_to(roots).matches(one.path, false), one.matches) << one.pattern;
  }
  EXPECT_TRUE(list_of({"/etc"}).relative_to({"/"}).matches("etc", true));
}

TEST(PatternList, RefusesWhatCannotBeMeant) {
  for (const char* pattern : {"", "/", "//", "!", "!/", "[a", "a/[b/c]", "x[!", "a\\", "a\\/b", "[[:alpha:]]", "[]"}) {
    EXPECT_EQ(code_of_adding(pattern), ErrorCode::kInvalidArgument) << pattern;
  }
}

class PatternFile : public ::testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }

  TempDir dir_;
  std::string path_ = dir_ / "patterns";
};

TEST_F(PatternFile, HasOnePatternALine) {
  write("# comment\n\n  \t\n*.o\n!keep.o\n/a b\nlast");
  PatternList list;
  list.add_file(path_);
  EXPECT_TRUE(list.matches("x.o", false));
  EXPECT_FALSE(list.matches("keep.o", false));
  EXPECT_TRUE(list.matches("a b", false));
  EXPECT_TRUE(list.matches("last", false));
  EXPECT_FALSE(list.matches("# comment", false));
}

TEST_F(PatternFile, NamesTheLineOfABadPattern) {
  write("fine\n[bad\n");
  try {
    PatternList().add_file(path_);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(std::string(error.what()).find("line 2: pattern \"[bad\""), std::string::npos) << error.what();
  }
}

TEST_F(PatternFile, MustBeReadable) {
  const auto code_of = [](const std::string& path) {
    try {
      PatternList().add_file(path);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kUnsupported;
  };
  EXPECT_EQ(code_of(path_ + ".missing"), ErrorCode::kNotFound);
  EXPECT_EQ(code_of("/"), ErrorCode::kIo);
}

}  // namespace
}  // namespace cairn
