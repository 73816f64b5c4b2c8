#include "ingest/redis/values/stream_commands.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "ingest/redis/values/command_batch.h"
#include "ingest/redis/values/stream_groups.h"

namespace cairn {

namespace {

constexpr uint64_t kMostFields = uint64_t{1} << 19;
constexpr size_t kMostIds = 512;   // in a command

class StreamWriter {
 public:
  StreamWriter(std::string_view key, ByteView value, bool counters, const EmitCommand& emit)
      : key_(key), value_(value), counters_(counters), words_(emit) {}

  void run(uint8_t type) {
    tail_ = read_tail(type);
    if (!counters_) tail_.counters.reset();
    note_pending();
    add_entries();
    if (added_ == 0) make_empty();
    set_last();
    for (const StreamGroup& group : tail_.groups) add_group(group);
  }

 private:
  struct Pending {
    StreamId id;
    bool there = false;   // in the stream
  };

  StreamTail read_tail(uint8_t type) const {
    ValueReader in(value_);
    for (uint64_t nodes = in.length(); nodes > 0; --nodes) {
      in.encoded_string();
      in.encoded_string();
    }
    return read_stream_tail(in, type);
  }

  void note_pending() {
    for (const StreamGroup& group : tail_.groups) {
      for (const StreamConsumer& consumer : group.consumers) {
        for (const StreamPending& one : consumer.pending) pending_.push_back({one.id});
      }
    }
    std::ranges::sort(pending_, {}, &Pending::id);
    const auto same = [](const Pending& a, const Pending& b) { return a.id == b.id; };
    pending_.erase(std::unique(pending_.begin(), pending_.end(), same), pending_.end());
  }

  void add_entries() {
    ValueReader in(value_);
    std::string id_scratch, node_scratch;
    auto pending = pending_.begin();
    for (uint64_t nodes = in.length(); nodes > 0; --nodes) {
      const StreamId node_id = StreamId::of(view(in.string(id_scratch)));
      StreamNodeReader node(node_id, view(in.string(node_scratch)));
      for (StreamId id; node.next(id);) {
        if (id <= newest_) in.bytes().fail("a stream's entries are out of order");
        newest_ = id;
        ++added_;
        add_entry(id, node);
        while (pending != pending_.end() && pending->id < id) ++pending;
        if (pending != pending_.end() && pending->id == id) pending->there = true;
      }
    }
    if (added_ != tail_.entries) in.bytes().fail("a stream's entries aren't as many as it says");
    if (tail_.last < newest_) in.bytes().fail("a stream's last id is before its last entry");
    if (tail_.counters && (tail_.counters->entries_added < added_ || tail_.last < tail_.counters->last_deleted)) {
      in.bytes().fail("a stream's counters don't fit its entries");
    }
  }

  void add_entry(StreamId id, StreamNodeReader& node) {
    if (node.fields() > kMostFields) throw Error(ErrorCode::kUnsupported, "stream: an entry of more than half a million fields");
    begin({"XADD"});
    words_.copied(id.text());
    PackedElement name, value;
    for (uint64_t left = node.fields(); left > 0; --left) {
      node.field(name, value);
      word(name);
      word(value);
    }
    words_.run();
  }

  void word(const PackedElement& element) {
    if (element.integer()) {
      words_.copied(element.text());
    } else {
      words_.lasting(element.text());
    }
  }

  // A group makes a stream without making an entry, which would count as added and deleted.
  void make_empty() {
    begin({"XGROUP", "CREATE"});
    for (std::string_view one : {"empty", "0", "MKSTREAM"}) words_.lasting(one);
    words_.run();
    begin({"XGROUP", "DESTROY"});
    words_.lasting("empty");
    words_.run();
  }

  void set_last() {
    if (!tail_.counters && tail_.last == newest_) return;
    begin({"XSETID"});
    words_.copied(tail_.last.text());
    if (tail_.counters) {
      words_.lasting("ENTRIESADDED");
      words_.number(tail_.counters->entries_added);
      words_.lasting("MAXDELETEDID");
      words_.copied(tail_.counters->last_deleted.text());
    }
    words_.run();
  }

  void add_group(const StreamGroup& group) {
    std::string group_scratch, consumer_scratch;
    const std::string_view group_name = ValueReader(group.name).string(group_scratch);
    begin({"XGROUP", "CREATE"});
    words_.lasting(group_name);
    words_.copied(group.last.text());
    if (counters_ && group.entries_read >= 0) {
      words_.lasting("ENTRIESREAD");
      words_.number(static_cast<uint64_t>(group.entries_read));
    }
    words_.run();
    for (const StreamConsumer& consumer : group.consumers) {
      const std::string_view name = ValueReader(consumer.name).string(consumer_scratch);
      if (claim(group_name, name, consumer.pending)) continue;
      begin({"XGROUP", "CREATECONSUMER"});
      words_.lasting(group_name);
      words_.lasting(name);
      words_.run();
    }
  }

  // Entries next to each other that were delivered together go into one command.   False: nothing to claim.
  bool claim(std::string_view group, std::string_view consumer, const std::vector<StreamPending>& pending) {
    std::vector<StreamPending> there;
    std::ranges::copy_if(pending, std::back_inserter(there), [this](const StreamPending& one) { return is_there(one.id); });
    for (size_t at = 0; at < there.size();) {
      const StreamPending& first = there[at];
      begin({"XCLAIM"});
      words_.lasting(group);
      words_.lasting(consumer);
      words_.lasting("0");
      for (size_t count = 0; count < kMostIds && at < there.size() && there[at].delivered_ms == first.delivered_ms &&
                             there[at].deliveries == first.deliveries;
           ++count, ++at) {
        words_.copied(there[at].id.text());
      }
      words_.lasting("TIME");
      words_.copied(std::to_string(first.delivered_ms));
      words_.lasting("RETRYCOUNT");
      words_.number(first.deliveries);
      words_.lasting("FORCE");
      words_.lasting("JUSTID");
      words_.run();
    }
    return !there.empty();
  }

  bool is_there(StreamId id) const {
    const auto found = std::ranges::lower_bound(pending_, id, {}, &Pending::id);
    return found != pending_.end() && found->there;
  }

  void begin(std::initializer_list<std::string_view> command) {
    for (std::string_view one : command) words_.lasting(one);
    words_.lasting(key_);
  }

  const std::string_view key_;
  const ByteView value_;
  const bool counters_;
  CommandWords words_;
  StreamTail tail_;
  std::vector<Pending> pending_;   // of all groups, by id
  StreamId newest_;
  uint64_t added_ = 0;
};

}  // namespace

bool is_stream(uint8_t type) { return type == 15 || type == 19 || type == 21; }

void stream_commands(uint8_t type, std::string_view key, ByteView value, bool counters, const EmitCommand& emit) {
  StreamWriter(key, value, counters, emit).run(type);
}

}  // namespace cairn
