#include "store/percent.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Percent, EncodesAllButLettersDigitsAndWhatIsPlain) {
  EXPECT_EQ(percent_encoded("azAZ09", ""), "azAZ09");
  EXPECT_EQ(percent_encoded("a/b c", "/"), "a/b%20c");
  EXPECT_EQ(percent_encoded("a/b", "-._~"), "a%2Fb");
  EXPECT_EQ(percent_encoded("-._~%", "-._~"), "-._~%25");
  EXPECT_EQ(percent_encoded("\xc3\xa9\n", ""), "%C3%A9%0A");
  EXPECT_EQ(percent_encoded(std::string_view("\0", 1), ""), "%00");
  EXPECT_EQ(percent_encoded("", "/"), "");
}

}  // namespace
}  // namespace cairn
