#include "cli/snapshot_path.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

void expect_split(std::string_view argument, const std::string& snapshot, const std::string& path) {
  const SnapshotPath split = split_snapshot_path(argument);
  EXPECT_EQ(split.snapshot, snapshot) << argument;
  EXPECT_EQ(split.path, path) << argument;
}

TEST(SnapshotPath, SplitsAtTheFirstColon) {
  expect_split("latest", "latest", "");
  expect_split("latest:", "latest", "");
  expect_split("latest:db", "latest", "db");
  expect_split("latest~2:db/a:b", "latest~2", "db/a:b");
  expect_split("c35210b9:media/x", "c35210b9", "media/x");
}

TEST(SnapshotPath, TimesKeepTheirColons) {
  expect_split("@2026-11-20T03:00:db/x", "@2026-11-20T03:00", "db/x");
  expect_split("@2026-11-20T03:00", "@2026-11-20T03:00", "");
  expect_split("@2026-11-20T03:00:15", "@2026-11-20T03:00:15", "");
  expect_split("@2026-11-20T03:00:15:db", "@2026-11-20T03:00:15", "db");
  expect_split("@2026-11-20T03:00:15Z:db", "@2026-11-20T03:00:15Z", "db");
  expect_split("@2026-11-20T03:00Z:db:x", "@2026-11-20T03:00Z", "db:x");
  expect_split("@2026-11-20:db", "@2026-11-20", "db");
  expect_split("@2026-11-20T03:00:15x", "@2026-11-20T03:00", "15x");
  expect_split("@nonsense:db", "@nonsense", "db");
}

TEST(SnapshotPath, TidiesThePath) {
  expect_split("latest:/db//a/./b/", "latest", "db/a/b");
  expect_split("latest:/", "latest", "");
}

TEST(SnapshotPath, RefusesWhatMeansNothing) {
  EXPECT_THROW(split_snapshot_path(""), UsageError);
  EXPECT_THROW(split_snapshot_path(":db"), UsageError);
  EXPECT_THROW(split_snapshot_path("latest:db/../x"), UsageError);
  EXPECT_NO_THROW(split_snapshot_path("latest:db/..x"));
}

}  // namespace
}  // namespace cairn
