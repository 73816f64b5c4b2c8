#include "ingest/parts/names.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace cairn {
namespace {

TEST(EscapedNames, KeepWhatAPathCanHold) {
  const struct {
    std::string name, escaped;
  } kCases[] = {
      {"users", "users"},      {"Mixed;Case \"x\"", "Mixed;Case \"x\""}, {"täble", "täble"},  {"\xff", "\xff"},       {"a/b", "a%2Fb"},
      {"100%", "100%25"},      {"a\nb", "a%0Ab"},                        {"\x7f", "%7F"},     {".hidden", "%2Ehidden"}, {"..", "%2E."},
      {"a.b", "a.b"},          {"", "%"},                                {"%", "%25"},        {std::string("\0x", 2), "%00x"},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(escape_part_name(one.name), one.escaped);
    EXPECT_EQ(unescape_part_name(one.escaped), one.name);
  }
}

TEST(EscapedNames, RefuseWhatIsNone) {
  for (const char* text : {"", "a/b", ".a", "a%", "a%2", "%2f", "%41", "a\n", "%%", "%zz", "%2E", "100%"}) {
    if (std::string_view(text) == "%2E") {
      EXPECT_EQ(unescape_part_name(text), ".");
    } else {
      EXPECT_EQ(unescape_part_name(text), std::nullopt) << text;
    }
  }
}

TEST(EscapedNames, AreDistinctAndReversible) {
  std::mt19937 random(7);
  std::set<std::string> names, escaped;
  for (int i = 0; i < 20000; ++i) {
    std::string name;
    for (size_t size = random() % 4; size > 0; --size) name += "ab.%/\n\x01\x7f\xc3\xa4 2F"[random() % 13];
    names.insert(name);
    escaped.insert(escape_part_name(name));
    ASSERT_EQ(unescape_part_name(escape_part_name(name)), name);
  }
  EXPECT_EQ(names.size(), escaped.size());
}

}  // namespace
}  // namespace cairn
