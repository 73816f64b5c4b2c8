// What a server answers to commands that were sent ahead, and what its errors mean for a restore.
// Threads:  one thread at a time; refusal_of is thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "ingest/redis/connection.h"
#include "store/error.h"

namespace cairn {

struct Refusal {
  enum class Kind {
    kThere,        // the key is there already
    kKey,          // this key can't be restored; the next may
    kRights,       // a user who may not do this: with other keys, perhaps
    kEverything,   // no other key will fare better
  };
  Kind kind = Kind::kKey;
  ErrorCode code = ErrorCode::kIo;
  std::string message;   // for people
};

// `error`: an error reply's text.
Refusal refusal_of(const std::string& error);

// A command whose reply is awaited.
struct Awaited {
  uint32_t db = 0;
  std::string key;
  uint64_t value_bytes = 0;
  uint64_t number = 0;       // of the key
  bool last = true;          // of its key's commands
};

// Bounded in commands and bytes; replies come in order.
class ReplyQueue {
 public:
  using Answer = std::function<void(const Awaited& sent, const RedisReply& reply)>;
  // `answer`: sends nothing itself; what it throws comes out of sent() and drain().  `connection` must outlive this.
  ReplyQueue(RedisConnection& connection, Answer answer) : connection_(connection), answer_(std::move(answer)) {}
  // A command was sent.  Takes replies when too many are awaited.
  void sent(Awaited command, uint64_t command_bytes);
  // Takes all that are awaited.
  void drain();

 private:
  void take_one();
  RedisConnection& connection_;
  const Answer answer_;
  struct Entry {
    Awaited command;
    uint64_t bytes;
  };
  std::deque<Entry> awaited_;
  uint64_t bytes_ = 0;
};

}  // namespace cairn
