#include "ingest/postgres/live/row_source.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

// Whole sources, with servers: live_source_test.cc.

TEST(PlanOfCopies, SplitsWhatIsLarge) {
  const TableData small{.heading = "", .relation = "public.t", .columns = "a, b", .condition = "", .page_count = 10, .data_bytes = 80000, .heap = true};
  TableData large = small;
  large.page_count = 4099;
  large.data_bytes = 4099 * 8192;
  const std::vector<TableData> tables = {small, large};
  const std::vector<CopyJob> jobs = plan_copies(tables, true);
  ASSERT_EQ(jobs.size(), 5U);
  EXPECT_EQ(copy_statement(small, jobs[0]), "COPY public.t (a, b) TO STDOUT");
  EXPECT_EQ(copy_statement(large, jobs[1]), "COPY (SELECT a, b FROM ONLY public.t WHERE ctid < '(1024,0)') TO STDOUT");
  EXPECT_EQ(copy_statement(large, jobs[2]), "COPY (SELECT a, b FROM ONLY public.t WHERE ctid >= '(1024,0)' AND ctid < '(2048,0)') TO STDOUT");
  EXPECT_EQ(copy_statement(large, jobs[4]), "COPY (SELECT a, b FROM ONLY public.t WHERE ctid >= '(3072,0)') TO STDOUT");
  EXPECT_EQ(plan_copies(tables, false).size(), 2U);
  large.heap = false;
  EXPECT_EQ(plan_copies({large}, true).size(), 1U);
  TableData configuration = large;
  configuration.condition = "WHERE a > 1";
  EXPECT_EQ(copy_statement(configuration, plan_copies({configuration}, true)[0]), "COPY (SELECT a, b FROM public.t WHERE a > 1) TO STDOUT");
}

}  // namespace
}  // namespace cairn
