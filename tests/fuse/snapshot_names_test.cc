#include "fuse/snapshot_names.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

Manifest made(uint8_t id, int64_t seconds, const std::string& host, std::vector<std::string> tags) {
  Manifest m;
  m.id.bytes.fill(id);
  m.time_ns = seconds * 1'000'000'000;
  m.host = host;
  m.tags = std::move(tags);
  return m;
}

std::string names(const SnapshotNames& all, const std::string& path) {
  std::string out;
  for (const SnapshotName& one : *all.directory(path)) out += one.name + (one.target.empty() ? "" : ">" + one.target) + " ";
  return out;
}

TEST(SnapshotNames, LeadToSnapshotsByTimeHostAndTag) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  Manifest late = made(0x33, 1'700'000'100, "a", {});
  late.late = true;
  const SnapshotNames all({made(0x11, 1'700'000'000, "a", {"x/y"}), made(0x22, 1'700'000'000, "..", {}), late});
  const std::string one = "1111111111111111", two = "2222222222222222", three = "3333333333333333";
  EXPECT_EQ(names(all, ""), "by-id by-time hosts latest>by-id/" + two + " tags ");
  EXPECT_EQ(names(all, "by-id"), one + " " + two + " " + three + " ");
  EXPECT_EQ(names(all, "by-time"), "2023-11-14 ");
  EXPECT_EQ(names(all, "by-time/2023-11-14"), "22-13-20>../../by-id/" + one + " 22-13-20-22222222>../../by-id/" + two +
                                                   " 22-15-00>../../by-id/" + three + " ");
  EXPECT_EQ(names(all, "hosts"), "%2E. a ");
  EXPECT_EQ(names(all, "hosts/a"), "2023-11-14T22-13-20>../../by-id/" + one + " 2023-11-14T22-15-00>../../by-id/" + three +
                                       " latest>../../by-id/" + one + " ");
  EXPECT_EQ(names(all, "tags"), "x%2Fy ");
  EXPECT_EQ(all.find("tags/x%2Fy/latest")->target, "../../by-id/" + one);
  EXPECT_EQ(all.find("by-id/" + two)->snapshot, made(0x22, 0, "", {}).id);
  for (const char* none : {"tags/z", "by-id/11", "hosts/b/latest", "a/b/c"}) EXPECT_EQ(all.find(none), nullptr) << none;
  EXPECT_EQ(all.directory("by-id/" + one), nullptr);
}

TEST(SnapshotNames, WithoutSnapshotsThereIsNoLatest) {
  EXPECT_EQ(names(SnapshotNames({}), ""), "by-id by-time hosts tags ");
}

}  // namespace
}  // namespace cairn
