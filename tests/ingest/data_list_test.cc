#include "ingest/postgres/live/data_list.h"

#include <gmock/gmock.h>

namespace cairn {
namespace {

using ::testing::ElementsAre;

// The lists themselves, on real servers: live_source_test.cc.

TEST(OrderAfterNeeds, KeepsWhatItCan) {
  EXPECT_THAT(order_after_needs(4, {}), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(order_after_needs(4, {{0, 2}}), ElementsAre(2, 0, 1, 3));
  EXPECT_THAT(order_after_needs(3, {{0, 1}, {1, 2}, {0, 2}, {0, 2}, {1, 1}}), ElementsAre(2, 1, 0));
  EXPECT_EQ(order_after_needs(3, {{0, 1}, {1, 0}}).size(), 3U);
}

TEST(CommentName, HasNoLineBreaks) { EXPECT_EQ(comment_name("a\nb\r\nc"), "a b  c"); }

}  // namespace
}  // namespace cairn
