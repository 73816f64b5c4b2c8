#include "ingest/tree/owners.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Owners, HaveNamesAndNumbers) {
  EXPECT_EQ(name_of_user(0), "root");
  EXPECT_EQ(name_of_group(0), "root");
  EXPECT_EQ(user_of_name("root"), 0u);
  EXPECT_EQ(group_of_name("root"), 0u);
}

TEST(Owners, WithoutANameOrANumberAreNothing) {
  EXPECT_EQ(name_of_user(3'999'999'999), std::nullopt);
  EXPECT_EQ(name_of_group(3'999'999'999), std::nullopt);
  EXPECT_EQ(user_of_name("no such user"), std::nullopt);
  EXPECT_EQ(group_of_name(""), std::nullopt);
}

}  // namespace
}  // namespace cairn
