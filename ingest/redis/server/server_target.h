// What both ways into a running server share: databases, expiry by the server's clock, refusals.
//
//   RestoreTarget   RESTORE, many sent ahead
//   LogicalTarget   the commands that make the value
//
// Threads:  one thread at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ingest/redis/connection.h"
#include "ingest/redis/server/key_target.h"
#include "ingest/redis/server/replies.h"
#include "ingest/redis/server/server_level.h"

namespace cairn {

// The server's time, as it goes on here.
class ServerClock {
 public:
  // Asks the server; this machine's clock when it doesn't tell.
  explicit ServerClock(RedisConnection& connection);
  int64_t now_ms() const;

 private:
  int64_t begin_ms_;
  std::chrono::steady_clock::time_point begin_;
};

struct ServerContext {
  RedisConnection& connection;
  const ServerClock& clock;
  const ServerLevel& level;
  RdbFlavor flavor;           // of the values
  bool replace;
  RestoreTally& tally;
};

class ServerTarget : public KeyTarget {
 public:
  explicit ServerTarget(const ServerContext& context);
  bool wants(const SelectedKey& key) override;
  // Waits for what is under way; once, after the last key.   Errors: as put().
  virtual void finish() { queue_.drain(); }

 protected:
  // Errors: kIo when the connection breaks; what the server says when it takes no keys at all.
  void go_to(uint32_t db);
  virtual void answer(const Awaited& sent, const RedisReply& reply) = 0;
  // What a refusal is thrown as, with what was done before.
  Error ending(const Refusal& refusal) const;
  // Whether it ends everything.
  bool ends(const Refusal& refusal) const {
    return refusal.kind == Refusal::Kind::kEverything || (refusal.kind == Refusal::Kind::kRights && !any_went_well_);
  }
  const ServerContext context_;
  ReplyQueue queue_;
  bool any_went_well_ = false;   // the user may write

 private:
  std::optional<uint32_t> db_;
};

// `context`'s members must outlive it.
std::unique_ptr<ServerTarget> make_restore_target(const ServerContext& context);
// Values are held in memory as a whole; of more than 512 MiB they are refused.
std::unique_ptr<ServerTarget> make_logical_target(const ServerContext& context);

}  // namespace cairn
