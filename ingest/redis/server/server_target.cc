#include "ingest/redis/server/server_target.h"

#include <charconv>

namespace cairn {

namespace {

constexpr int64_t kMostSeconds = int64_t{1} << 40;   // since 1970: no server's clock says more

int64_t number_of(const std::string& text) {
  int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

ServerClock::ServerClock(RedisConnection& connection) : begin_(std::chrono::steady_clock::now()) {
  using std::chrono::duration_cast, std::chrono::milliseconds;
  const RedisReply reply = connection.command({"TIME"});
  const int64_t seconds = reply.elements.size() == 2 ? number_of(reply.elements[0].text) : 0;
  if (seconds > 0 && seconds < kMostSeconds)
    begin_ms_ = seconds * 1000 + number_of(reply.elements[1].text) / 1000 % 1000;
  else
    begin_ms_ = duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

int64_t ServerClock::now_ms() const {
  return begin_ms_ + std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin_).count();
}

ServerTarget::ServerTarget(const ServerContext& context)
    : context_(context), queue_(context.connection, [this](const Awaited& sent, const RedisReply& reply) { answer(sent, reply); }) {
  if (!context.connection.url().db) db_ = 0;   // where connections begin
}

bool ServerTarget::wants(const SelectedKey& key) {
  if (!key.expires_ms || *key.expires_ms > context_.clock.now_ms()) return true;
  context_.tally.expired();
  return false;
}

// Waits for its reply: what followed a refused one would go into the wrong database.
void ServerTarget::go_to(uint32_t db) {
  const uint32_t wanted = context_.connection.url().db.value_or(db);
  if (db_ == wanted) return;
  queue_.drain();
  const RedisReply reply = context_.connection.command({"SELECT", std::to_string(wanted)});
  if (reply.kind == RedisReply::Kind::kError) {
    Refusal refusal = refusal_of(reply.text);
    if (refusal.kind == Refusal::Kind::kKey) {
      refusal.code = ErrorCode::kInvalidArgument;
      refusal.message = "database " + std::to_string(wanted) + " isn't to be had there (" + printable(reply.text) +
                        "): the URL can name another one, as in redis://host/0";
    }
    throw ending(refusal);
  }
  db_ = wanted;
}

Error ServerTarget::ending(const Refusal& refusal) const {
  const uint64_t done = context_.tally.result().keys;
  return Error(refusal.code, context_.connection.url().description() + ": " + refusal.message +
                                 (done > 0 ? "; " + std::to_string(done) + " keys were restored before" : ""));
}

}  // namespace cairn
