// Keys into a server as DUMP payloads.
#include <array>

#include "ingest/redis/rdb/crc64.h"
#include "ingest/redis/rdb/rdb_writer.h"
#include "ingest/redis/rdb_source.h"
#include "ingest/redis/server/server_target.h"

namespace cairn {

namespace {

class RestoreTarget : public ServerTarget {
 public:
  using ServerTarget::ServerTarget;

  void put(const SelectedKey& key, ByteView value) override {
    version_ = version_for(key);
    if (!version_) return;
    payload_.assign(1, key.type);
    payload_.insert(payload_.end(), value.begin(), value.end());
    send(key);
  }

  void begin(const SelectedKey& key) override {
    version_ = version_for(key);
    if (!version_) return;
    long_key_ = key;
    payload_.reserve(1 + key.value.length_bytes + kDumpFooterBytes);
    payload_.assign(1, key.type);
  }
  void piece(ByteView bytes) override {
    if (version_) payload_.insert(payload_.end(), bytes.begin(), bytes.end());
  }
  void end() override {
    if (version_) send(long_key_);
    payload_ = Bytes();
  }
  void break_off(const Error& why) override {
    if (version_) unreadable(long_key_, why);
    payload_ = Bytes();
  }
  void unreadable(const SelectedKey& key, const Error& why) override {
    context_.tally.failed(redis_part_name(key.db, key.name), why.what());
  }

 private:
  // Of the key whose type and value are in payload_.
  void send(const SelectedKey& key) {
    const Bytes footer = dump_footer(crc64(0, payload_), *version_);
    payload_.insert(payload_.end(), footer.begin(), footer.end());
    go_to(key.db);
    const std::string expiry = expiry_of(key);
    std::array<std::string_view, 6> words = {"RESTORE", key.name, expiry, text(payload_)};
    size_t count = 4;
    if (context_.replace) words[count++] = "REPLACE";
    if (key.expires_ms && context_.level.has_restore_absttl()) words[count++] = "ABSTTL";
    context_.connection.send(std::span(words).first(count));
    queue_.sent({key.db, key.name, key.value.length_bytes, 0, true}, payload_.size() + key.name.size());
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

  Bytes payload_;                 // of the key at hand
  SelectedKey long_key_;          // whose value comes in pieces
  std::optional<int> version_;    // for its footer; nullopt: it isn't sent
};

}  // namespace

std::unique_ptr<ServerTarget> make_restore_target(const ServerContext& context) { return std::make_unique<RestoreTarget>(context); }

}  // namespace cairn
