#include "ingest/postgres/part_names.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(PartNames, AreHandedOutOnce) {
  PartNames names;
  EXPECT_EQ(names.take("db/public/x", "table"), "db/public/x.sql");
  EXPECT_EQ(names.take("db/public/x", "operator class"), "db/public/x.operator-class.sql");
  EXPECT_EQ(names.take("db/public/x", "operator class"), "db/public/x.operator-class.2.sql");
  EXPECT_EQ(names.take("db/public/x", "operator class"), "db/public/x.operator-class.3.sql");
  EXPECT_EQ(names.take("db/public/x", "rows", ".copy"), "db/public/x.copy");
  names.reserve("db/app.sql");
  EXPECT_EQ(names.take("db/app", "schema"), "db/app.schema.sql");
}

TEST(PartNames, LeaveRoomForTheFixedOnes) {
  EXPECT_EQ(database_element("globals"), "%67lobals");
  EXPECT_EQ(database_element("dump"), "%64ump");
  EXPECT_EQ(database_element("We\"ird/db"), "We\"ird%2Fdb");
}

TEST(PartNames, FitIntoAFilesName) {
  std::string table(63, '\n');
  EXPECT_EQ(part_element(table).size(), 189U);
  std::string routine = "f(" + std::string(300, 'x') + ")";
  EXPECT_EQ(part_element(routine), routine.substr(0, 200) + "...");
  // Never in the middle of a character, or of an escape.
  EXPECT_EQ(part_element(std::string(199, 'x') + "ää"), std::string(199, 'x') + "...");
  EXPECT_EQ(part_element(std::string(197, 'x') + std::string(9, '/')), std::string(197, 'x') + "%2F...");
  for (size_t before : {198U, 199U}) {
    std::string cut = part_element(std::string(before, 'x') + std::string(9, '/'));
    EXPECT_EQ(cut, std::string(before, 'x') + "...") << before;
  }
}

TEST(PartNames, CantLeaveTheirPlaceInSql) {
  EXPECT_EQ(quote_identifier("We\"ird; DROP"), "\"We\"\"ird; DROP\"");
  EXPECT_EQ(comment_text("a\nDROP\r\tb\x7f"), "a DROP  b ");
  EXPECT_EQ(header_text("a\r\n\tb"), "a  \tb");
}

}  // namespace
}  // namespace cairn
