// Keys into a server by the commands that make them.
#include <span>

#include "ingest/redis/rdb_source.h"
#include "ingest/redis/server/server_target.h"
#include "ingest/redis/values/value_commands.h"

namespace cairn {

namespace {

constexpr uint64_t kMostValueBytes = uint64_t{512} << 20;

class LogicalTarget : public ServerTarget {
 public:
  using ServerTarget::ServerTarget;

  // Keys that are there must not be added to.
  void coming(std::span<const SelectedKey> keys) override {
    replies_.clear();
    at_ = 0;
    if (context_.replace) return;
    go_to(keys.front().db);
    queue_.drain();
    end_if_stopped();
    for (const SelectedKey& key : keys) context_.connection.send(std::vector<std::string_view>{"EXISTS", key.name});
    for (size_t i = 0; i < keys.size(); ++i) replies_.push_back(context_.connection.receive());
  }

  void put(const SelectedKey& key, ByteView value) override {
    if (take_place(key)) build(key, value);
  }

  void begin(const SelectedKey& key) override {
    long_key_.reset();
    value_.clear();
    if (!take_place(key)) return;
    if (key.value.length_bytes > kMostValueBytes)
      return context_.tally.failed(redis_part_name(key.db, key.name),
                                   "is " + std::to_string(key.value.length_bytes >> 20) +
                                       " MiB long: --logical restores values of up to 512 MiB, RESTORE longer ones");
    long_key_ = key;
    value_.reserve(key.value.length_bytes);
  }
  void piece(ByteView bytes) override {
    if (long_key_) value_.insert(value_.end(), bytes.begin(), bytes.end());
  }
  void end() override {
    if (long_key_) build(*long_key_, value_);
    value_ = Bytes();
  }
  void break_off(const Error& why) override {
    if (long_key_) context_.tally.failed(redis_part_name(long_key_->db, long_key_->name), why.what());
    value_ = Bytes();
  }
  void unreadable(const SelectedKey& key, const Error& why) override {
    if (take_place(key)) context_.tally.failed(redis_part_name(key.db, key.name), why.what());
  }

  void finish() override {
    queue_.drain();
    remove_halves();
    end_if_stopped();
  }

 private:
  // The next of those that were announced: whether it is to be made.
  bool take_place(const SelectedKey& key) {
    if (context_.replace) return true;
    const RedisReply& reply = replies_.at(at_++);
    if (reply.kind == RedisReply::Kind::kError) {
      const Refusal refusal = refusal_of(reply.text);
      if (ends(refusal)) throw ending(refusal);
      context_.tally.failed(redis_part_name(key.db, key.name), refusal.message);
      return false;
    }
    if (reply.integer == 0) return true;
    context_.tally.left(redis_part_name(key.db, key.name));
    return false;
  }

  void each_command(const SelectedKey& key, ByteView value, const EmitCommand& emit) const {
    value_commands(context_.flavor, key.type, key.name, value, context_.level.fields_expire(), emit, context_.level.stream_counters());
  }

  void build(const SelectedKey& key, ByteView value) {
    size_t commands = 0;   // what can't be told must not cost the key that is there
    try {
      each_command(key, value, [&](std::span<const std::string_view>) { ++commands; });
    } catch (const Error& e) {
      return context_.tally.failed(redis_part_name(key.db, key.name), e.what());
    }
    remove_halves();
    end_if_stopped();
    go_to(key.db);
    ++number_;
    commands += key.expires_ms.has_value();
    Awaited awaited{key.db, key.name, key.value.length_bytes, number_, false};
    if (context_.replace) send({{"DEL", key.name}}, awaited);
    each_command(key, value, [&](std::span<const std::string_view> words) {
      awaited.last = --commands == 0;
      send(words, awaited);
    });
    awaited.last = true;
    if (key.expires_ms) send({{"PEXPIREAT", key.name, std::to_string(*key.expires_ms)}}, awaited);
  }

  void send(std::initializer_list<std::string_view> words, const Awaited& awaited) {
    send(std::span(words.begin(), words.size()), awaited);
  }
  void send(std::span<const std::string_view> words, const Awaited& awaited) {
    uint64_t bytes = 0;
    for (const std::string_view word : words) bytes += word.size();
    context_.connection.send(words);
    queue_.sent(awaited, bytes);
  }

  void answer(const Awaited& sent, const RedisReply& reply) override {
    if (reply.kind == RedisReply::Kind::kError && failed_ != sent.number) {
      failed_ = sent.number;
      halves_.push_back({sent.db, sent.key});
      const Refusal refusal = refusal_of(reply.text);
      if (stopped_) return;
      if (ends(refusal)) stopped_ = refusal;
      else context_.tally.failed(redis_part_name(sent.db, sent.key), refusal.message);
    }
    if (failed_ == sent.number) return;
    any_went_well_ = true;
    if (sent.last) context_.tally.restored(sent.value_bytes);
  }

  // Keys of which a part was made.   Between keys only.
  void remove_halves() {
    if (halves_.empty()) return;
    queue_.drain();   // may add some
    const std::vector<Half> halves = std::exchange(halves_, {});
    for (const Half& half : halves) {
      go_to(half.db);
      context_.connection.command({"DEL", half.key});
    }
  }

  void end_if_stopped() {
    if (!stopped_) return;
    queue_.drain();
    const Refusal refusal = *std::exchange(stopped_, std::nullopt);
    remove_halves();
    throw ending(refusal);
  }

  struct Half {
    uint32_t db;
    std::string key;
  };
  std::vector<RedisReply> replies_;   // to EXISTS, of the keys that come
  size_t at_ = 0;
  std::optional<SelectedKey> long_key_;
  Bytes value_;
  uint64_t number_ = 0;               // of the key that is made
  uint64_t failed_ = 0;               // of the last one that was refused
  std::vector<Half> halves_;          // at most as many as replies are awaited
  std::optional<Refusal> stopped_;
};

}  // namespace

std::unique_ptr<ServerTarget> make_logical_target(const ServerContext& context) { return std::make_unique<LogicalTarget>(context); }

}  // namespace cairn
