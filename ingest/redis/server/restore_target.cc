// Keys into a server as DUMP payloads.
#include <array>

#include "ingest/redis/rdb/crc64.h"
#include "ingest/redis/rdb/rdb_writer.h"
#include "ingest/redis/rdb_source.h"
#include "ingest/redis/server/server_target.h"

namespace cairn {

namespace {

constexpr size_t kZeroBytes = 64 << 10;

class RestoreTarget : public ServerTarget {
 public:
  using ServerTarget::ServerTarget;

  void put(const SelectedKey& key, ByteView value) override {
    const std::optional<int> version = version_for(key);
    if (!version) return;
    go_to(key.db);
    payload_.assign(1, key.type);
    payload_.insert(payload_.end(), value.begin(), value.end());
    const Bytes footer = dump_footer(crc64(0, payload_), *version);
    payload_.insert(payload_.end(), footer.begin(), footer.end());
    const std::string expiry = expiry_of(key);
    Words words(key.name, expiry);
    words.add(text(payload_));
    add_options(words, key);
    context_.connection.send(words.view());
    queue_.sent({key.db, key.name, value.size(), 0, true}, payload_.size() + key.name.size());
  }

  void begin(const SelectedKey& key) override {
    long_key_.reset();
    const std::optional<int> version = version_for(key);
    if (!version) return;
    version_ = *version;
    go_to(key.db);
    long_key_ = key;
    left_bytes_ = key.value.length_bytes;
    crc_ = crc64(0, {&key.type, 1});
    const std::string expiry = expiry_of(key);
    const Words words(key.name, expiry);
    Words options;
    add_options(options, key);
    context_.connection.send_begin(words.view(), 1 + key.value.length_bytes + kDumpFooterBytes, options.view());
    context_.connection.send_piece({&key.type, 1});
  }
  void piece(ByteView bytes) override {
    if (!long_key_) return;
    crc_ = crc64(crc_, bytes);
    left_bytes_ -= bytes.size();
    context_.connection.send_piece(bytes);
  }
  void end() override {
    if (!long_key_) return;
    context_.connection.send_piece(dump_footer(crc_, version_));
    queue_.sent({long_key_->db, long_key_->name, long_key_->value.length_bytes, 0, true}, long_key_->value.length_bytes);
  }
  // The command must be brought to an end, but no server takes this one: its version is of no server, its checksum is wrong.
  void break_off(const Error& why) override {
    if (!long_key_) return;
    static const Bytes kZeros(kZeroBytes);
    for (; left_bytes_ > 0; left_bytes_ -= std::min<uint64_t>(left_bytes_, kZeroBytes)) {
      context_.tally.monitor().check_interrupted();
      context_.connection.send_piece(ByteView(kZeros).first(std::min<uint64_t>(left_bytes_, kZeroBytes)));
    }
    context_.connection.send_piece(Bytes(kDumpFooterBytes, 0xff));
    queue_.drain();
    context_.connection.receive();
    context_.tally.failed(redis_part_name(long_key_->db, long_key_->name), why.what());
  }
  void unreadable(const SelectedKey& key, const Error& why) override {
    context_.tally.failed(redis_part_name(key.db, key.name), why.what());
  }

 private:
  // RESTORE and its words, without allocating.
  class Words {
   public:
    Words() = default;
    Words(std::string_view key, std::string_view expiry) : words_{"RESTORE", key, expiry}, count_(3) {}
    void add(std::string_view word) { words_[count_++] = word; }
    std::span<const std::string_view> view() const { return {words_.data(), count_}; }

   private:
    std::array<std::string_view, 6> words_;
    size_t count_ = 0;
  };

  void add_options(Words& words, const SelectedKey& key) const {
    if (context_.replace) words.add("REPLACE");
    if (key.expires_ms && context_.level.has_restore_absttl()) words.add("ABSTTL");
  }

  std::optional<int> version_for(const SelectedKey& key) {
    const std::optional<int> version = context_.level.payload_version(key.type);
    if (!version) context_.tally.failed(redis_part_name(key.db, key.name), context_.level.name() + " doesn't know values of this form");
    return version;
  }

  // 0: never.  A server before 5.0 wants what is left.
  std::string expiry_of(const SelectedKey& key) const {
    if (!key.expires_ms) return "0";
    if (context_.level.has_restore_absttl()) return std::to_string(*key.expires_ms);
    return std::to_string(std::max<int64_t>(1, *key.expires_ms - context_.clock.now_ms()));
  }

  void answer(const Awaited& sent, const RedisReply& reply) override {
    if (reply.kind != RedisReply::Kind::kError) {
      any_went_well_ = true;
      return context_.tally.restored(sent.value_bytes);
    }
    const Refusal refusal = refusal_of(reply.text);
    if (ends(refusal)) throw ending(refusal);
    const std::string part = redis_part_name(sent.db, sent.key);
    if (refusal.kind == Refusal::Kind::kThere) context_.tally.left(part);
    else context_.tally.failed(part, refusal.message);
  }

  Bytes payload_;                          // of a short value
  std::optional<SelectedKey> long_key_;    // that is being sent
  int version_ = 0;
  uint64_t crc_ = 0, left_bytes_ = 0;      // of its value
};

}  // namespace

std::unique_ptr<ServerTarget> make_restore_target(const ServerContext& context) { return std::make_unique<RestoreTarget>(context); }

}  // namespace cairn
