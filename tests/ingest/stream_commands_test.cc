// Streams as Redis 5 to 7.2 write them, by hand; see value_commands_server_test.cc for real ones.
#include "ingest/redis/values/stream_commands.h"

#include <gtest/gtest.h>

#include "store/error.h"
#include "tests/ingest/packed_bytes.h"

namespace cairn {
namespace {

using packed::id, packed::length, packed::little, packed::string;
using Commands = std::vector<std::vector<std::string>>;

Commands stream_commands_of(int type, const std::string& value, bool counters = true) {
  const std::vector<char> exact(value.begin(), value.end());
  Commands out;
  value_commands(RdbFlavor::kRedis, static_cast<uint8_t>(type), "k", view({exact.data(), exact.size()}), true,
                 [&](std::span<const std::string_view> words) { out.emplace_back(words.begin(), words.end()); }, counters);
  return out;
}

void expect_refused(int type, const std::string& value, ErrorCode code = ErrorCode::kCorrupt) {
  try {
    stream_commands_of(type, value);
    ADD_FAILURE() << "taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
  }
}

using Elements = std::vector<packed::Element>;

// Three entries, the middle one deleted, the last with other fields.
const Elements kNode = {2, 1, 2, "f", 7,   0,           // entries, deleted ones, fields
                        2, 0, 0, "a", 1,   5,           // 10-1
                        3, 0, 1, "b", 2,   5,           // 10-2
                        0, 2, -1, 1, "other", "c", 6};  // 12-0

std::string one_node(const Elements& elements = kNode) { return length(1) + string(id(10, 1)) + string(packed::listpack(elements)); }

std::string pair_of(uint64_t ms, uint64_t seq) { return length(ms) + length(seq); }

// What is behind the nodes, for two entries: entries, last id; from type 19 on the first id, the last deleted one, entries ever added.
std::string ends(int type) {
  return length(2) + pair_of(12, 5) + (type == 15 ? "" : pair_of(10, 1) + pair_of(10, 2) + length(9));
}

std::string pending(uint64_t ms, uint64_t seq, uint64_t time, uint64_t count) { return id(ms, seq) + little(time, 8) + length(count); }
std::string consumer(int type, const std::string& name, const std::vector<std::string>& ids) {
  std::string out = string(name) + little(777, 8) + (type == 21 ? little(778, 8) : "") + length(ids.size());
  for (const std::string& one : ids) out += one;
  return out;
}
std::string group(int type) {
  return length(1) + string("g") + pair_of(12, 0) + (type == 15 ? "" : length(8)) + length(3) + pending(10, 1, 1000, 2) +
         pending(10, 2, 1000, 2) + pending(12, 0, 1000, 2) + length(3) + consumer(type, "alice", {id(12, 0), id(10, 1)}) +
         consumer(type, "bob", {id(10, 2)}) + consumer(type, "carol", {});
}

TEST(StreamCommands, EveryVersionIsTold) {
  Commands want = {{"XADD", "k", "10-1", "f", "a", "7", "1"},
                   {"XADD", "k", "12-0", "other", "c"},
                   {"XSETID", "k", "12-5", "ENTRIESADDED", "9", "MAXDELETEDID", "10-2"},
                   {"XGROUP", "CREATE", "k", "g", "12-0", "ENTRIESREAD", "8"},
                   {"XCLAIM", "k", "g", "alice", "0", "10-1", "12-0", "TIME", "1000", "RETRYCOUNT", "2", "FORCE", "JUSTID"},
                   {"XGROUP", "CREATECONSUMER", "k", "g", "bob"},   // what was pending was deleted
                   {"XGROUP", "CREATECONSUMER", "k", "g", "carol"}};
  for (int type : {19, 21}) EXPECT_EQ(stream_commands_of(type, one_node() + ends(type) + group(type)), want) << type;
  want[2] = {"XSETID", "k", "12-5"};
  want[3] = {"XGROUP", "CREATE", "k", "g", "12-0"};
  EXPECT_EQ(stream_commands_of(15, one_node() + ends(15) + group(15)), want);
  for (int type : {19, 21}) EXPECT_EQ(stream_commands_of(type, one_node() + ends(type) + group(type), false), want) << type << " for an older server";
}

TEST(StreamCommands, AnEmptyStreamIsMade) {
  const Commands made = {{"XGROUP", "CREATE", "k", "empty", "0", "MKSTREAM"}, {"XGROUP", "DESTROY", "k", "empty"}};
  EXPECT_EQ(stream_commands_of(15, length(0) + length(0) + pair_of(0, 0) + length(0)), made);
  Commands with_last = made;
  with_last.push_back({"XSETID", "k", "3-4", "ENTRIESADDED", "2", "MAXDELETEDID", "3-4"});
  EXPECT_EQ(stream_commands_of(19, length(0) + length(0) + pair_of(3, 4) + pair_of(0, 0) + pair_of(3, 4) + length(2) + length(0)), with_last);
  with_last.back() = {"XSETID", "k", "3-4"};
  EXPECT_EQ(stream_commands_of(19, length(0) + length(0) + pair_of(3, 4) + pair_of(0, 0) + pair_of(3, 4) + length(2) + length(0), false), with_last);
}

TEST(StreamCommands, EntriesDeliveredAtOtherTimesAreClaimedApart) {
  const std::string groups = length(1) + string("g") + pair_of(12, 0) + length(UINT64_MAX) + length(2) + pending(10, 1, 1000, 1) +
                             pending(12, 0, 1001, 1) + length(1) + consumer(19, "alice", {id(10, 1), id(12, 0)});
  const Commands got = stream_commands_of(19, one_node() + ends(19) + groups);
  ASSERT_EQ(got.size(), 6u);
  EXPECT_EQ(got[3], (std::vector<std::string>{"XGROUP", "CREATE", "k", "g", "12-0"})) << "how many were read isn't known";
  EXPECT_EQ(got[4][5], "10-1");
  EXPECT_EQ(got[5][5], "12-0");
}

TEST(StreamCommands, NodesThatContradictThemselvesAreRefused) {
  const auto with = [](size_t at, packed::Element element) {
    Elements changed = kNode;
    changed[at] = std::move(element);
    return one_node(changed) + ends(19) + length(0);
  };
  EXPECT_EQ(stream_commands_of(19, one_node() + ends(19) + length(0)).size(), 3u);
  expect_refused(19, with(0, 3));          // entries
  expect_refused(19, with(0, 1));
  expect_refused(19, with(1, 0));          // deleted entries
  expect_refused(19, with(1, "1"));        // no number
  expect_refused(19, with(2, 3));          // common fields
  expect_refused(19, with(2, INT64_MAX));
  expect_refused(19, with(5, 1));          // the end of the first entry
  expect_refused(19, with(6, 4));          // flags
  expect_refused(19, with(6, 3));          // deleted though it isn't counted so
  expect_refused(19, with(11, 6));         // elements of an entry
  expect_refused(19, with(18, -3));        // before the one before
  expect_refused(19, with(21, 0));         // an entry without fields
  expect_refused(19, with(21, INT64_MAX), ErrorCode::kUnsupported);
  for (size_t size = 0; size < kNode.size(); ++size) {
    expect_refused(19, one_node(Elements(kNode.begin(), kNode.begin() + static_cast<ptrdiff_t>(size))) + ends(19) + length(0));
  }
  expect_refused(19, length(1) + string("short id") + string(packed::listpack(kNode)) + ends(19) + length(0));
  const std::string twice = string(id(10, 1)) + string(packed::listpack(kNode));
  expect_refused(19, length(2) + twice + twice + ends(19) + length(0));
}

TEST(StreamCommands, EndsThatContradictTheEntriesAreRefused) {
  const auto tail = [](uint64_t entries, uint64_t last, uint64_t deleted, uint64_t added) {
    return one_node() + length(entries) + pair_of(last, 0) + pair_of(10, 1) + pair_of(deleted, 0) + length(added) + length(0);
  };
  EXPECT_EQ(stream_commands_of(19, tail(2, 12, 12, 2)).size(), 3u);
  expect_refused(19, tail(3, 12, 0, 3));
  expect_refused(19, tail(2, 11, 0, 2));
  expect_refused(19, tail(2, 12, 13, 2));
  expect_refused(19, tail(2, 12, 0, 1));
  expect_refused(19, tail(2, 12, 0, UINT64_MAX));
}

TEST(StreamCommands, GroupsThatContradictTheirConsumersAreRefused) {
  const auto groups = [](const std::string& of_group, const std::string& of_consumers) {
    return one_node() + ends(19) + length(1) + string("g") + pair_of(12, 0) + length(8) + of_group + of_consumers;
  };
  const std::string first = pending(10, 1, 1000, 1);
  EXPECT_EQ(stream_commands_of(19, groups(length(1) + first, length(1) + consumer(19, "a", {id(10, 1)}))).size(), 5u);
  expect_refused(19, groups(length(2) + first + first, length(1) + consumer(19, "a", {id(10, 1)})));
  expect_refused(19, groups(length(1) + first, length(1) + consumer(19, "a", {id(12, 0)})));
  expect_refused(19, groups(length(1) + first, length(2) + consumer(19, "a", {id(10, 1)}) + consumer(19, "b", {id(10, 1)})));
  expect_refused(19, groups(length(1) + first, length(1) + consumer(19, "a", {})));
  expect_refused(19, groups(length(1) + pending(10, 1, 1000, UINT64_MAX), length(1) + consumer(19, "a", {id(10, 1)})));
  expect_refused(19, one_node() + ends(19) + length(1) + string("g") + pair_of(12, 0) + length(UINT64_MAX - 1) + length(0) + length(0));
}

TEST(StreamCommands, CutStreamsAreRefused) {
  for (int type : {15, 19, 21}) {
    const std::string whole = one_node() + ends(type) + group(type);
    for (size_t size = 0; size < whole.size(); ++size) expect_refused(type, whole.substr(0, size));
    expect_refused(type, whole + "x");
  }
}

TEST(StreamCommands, AnEntryForNoCommandIsRefused) {
  Elements node = {1, 0, 600000};
  for (int i = 0; i < 600000; ++i) node.emplace_back(1);
  for (int i : {0, 2, 0, 0}) node.emplace_back(i);
  for (int i = 0; i < 600000; ++i) node.emplace_back(2);
  node.emplace_back(600003);
  const std::string end = length(1) + pair_of(12, 5) + pair_of(10, 1) + pair_of(0, 0) + length(1) + length(0);
  expect_refused(19, one_node(node) + end, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace cairn
