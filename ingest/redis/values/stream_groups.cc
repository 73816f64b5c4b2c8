#include "ingest/redis/values/stream_groups.h"

#include <algorithm>
#include <limits>

namespace cairn {

namespace {

constexpr uint8_t kWithCounters = 19, kWithActiveTimes = 21;
constexpr uint64_t kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
constexpr size_t kIdBytes = 16;

struct GroupPending {
  StreamPending entry;
  bool owned = false;
};

StreamId read_id(ValueReader& in) {
  const uint64_t ms = in.length();
  return {ms, in.length()};
}

// A count that a command can tell.
uint64_t read_count(ValueReader& in) {
  const uint64_t count = in.length();
  if (count > kLargest) in.bytes().fail("a stream's count that is none");
  return count;
}

std::vector<GroupPending> read_pending(ValueReader& in) {
  std::vector<GroupPending> pending;
  for (uint64_t left = in.length(); left > 0; --left) {
    const StreamId id = StreamId::of(in.bytes().raw(kIdBytes));
    const int64_t delivered = in.milliseconds();
    pending.push_back({{id, delivered, read_count(in)}});
  }
  const auto id_of = [](const GroupPending& one) { return one.entry.id; };
  std::ranges::sort(pending, {}, id_of);
  if (std::ranges::adjacent_find(pending, {}, id_of) != pending.end()) in.bytes().fail("an entry that is pending twice in a group");
  return pending;
}

StreamConsumer read_consumer(ValueReader& in, uint8_t type, std::vector<GroupPending>& of_group) {
  StreamConsumer consumer;
  consumer.name = in.encoded_string();
  in.milliseconds();   // seen
  if (type >= kWithActiveTimes) in.milliseconds();
  for (uint64_t left = in.length(); left > 0; --left) {
    const StreamId id = StreamId::of(in.bytes().raw(kIdBytes));
    const auto found = std::ranges::lower_bound(of_group, id, {}, [](const GroupPending& one) { return one.entry.id; });
    if (found == of_group.end() || found->entry.id != id) in.bytes().fail("a consumer's entry that isn't pending in its group");
    if (found->owned) in.bytes().fail("a pending entry of two consumers");
    found->owned = true;
    consumer.pending.push_back(found->entry);
  }
  std::ranges::sort(consumer.pending, {}, &StreamPending::id);
  return consumer;
}

StreamGroup read_group(ValueReader& in, uint8_t type) {
  StreamGroup group;
  group.name = in.encoded_string();
  group.last = read_id(in);
  if (type >= kWithCounters) group.entries_read = static_cast<int64_t>(in.length());
  if (group.entries_read < -1) in.bytes().fail("a group's count that is none");
  std::vector<GroupPending> pending = read_pending(in);
  for (uint64_t left = in.length(); left > 0; --left) group.consumers.push_back(read_consumer(in, type, pending));
  if (!std::ranges::all_of(pending, &GroupPending::owned)) in.bytes().fail("a pending entry of no consumer");
  return group;
}

}  // namespace

StreamTail read_stream_tail(ValueReader& in, uint8_t type) {
  StreamTail tail;
  tail.entries = in.length();
  tail.last = read_id(in);
  if (type >= kWithCounters) {
    read_id(in);   // the first entry's
    tail.counters.emplace();
    tail.counters->last_deleted = read_id(in);
    tail.counters->entries_added = read_count(in);
  }
  for (uint64_t left = in.length(); left > 0; --left) tail.groups.push_back(read_group(in, type));
  in.bytes().finish();
  return tail;
}

}  // namespace cairn
