#include "cli/table.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Table, ColumnsAreAsWideAsTheyMust) {
  Table table({{"NAME"}, {"SIZE", Table::Side::kRight}, {"NOTE"}});
  table.add({"ä", "12345 B", "x"});
  table.add({"longer", "1 B", ""});
  EXPECT_EQ(table.text(), "NAME       SIZE  NOTE\nä       12345 B  x\nlonger      1 B\n");
}

TEST(Table, EmptyColumnsAreLeftOut) {
  Table table({{"A"}, {"B"}, {"C"}});
  table.add({"1", "", "3"});
  EXPECT_EQ(table.text(), "A  C\n1  3\n");
}

}  // namespace
}  // namespace cairn
