#include "ingest/redis/server/replies.h"

#include <array>

namespace cairn {

namespace {

constexpr size_t kMostAwaited = 8 << 10;
constexpr uint64_t kMostReplyBytes = 16 << 20;

struct Known {
  std::string_view begin;     // of the server's words, or
  std::string_view within;    // what is somewhere in them
  Refusal::Kind kind;
  ErrorCode code;
  std::string_view message;
};
using RefusalKind = Refusal::Kind;
constexpr std::array<Known, 16> kKnown = {{
    {"BUSYKEY", "", RefusalKind::kThere, ErrorCode::kIo, "the key is there already"},
    {"OOM ", "", RefusalKind::kEverything, ErrorCode::kNoSpace, "the server's memory is used up (maxmemory): give it more, or restore less"},
    {"READONLY", "", RefusalKind::kEverything, ErrorCode::kIo, "the server is a read-only replica: restore into its primary"},
    {"MISCONF", "", RefusalKind::kEverything, ErrorCode::kIo, "the server takes no writes because it can't save to its disk"},
    {"NOREPLICAS", "", RefusalKind::kEverything, ErrorCode::kIo, "the server takes no writes as long as it has too few replicas"},
    {"MASTERDOWN", "", RefusalKind::kEverything, ErrorCode::kIo, "the server has lost its primary"},
    {"CLUSTERDOWN", "", RefusalKind::kEverything, ErrorCode::kIo, "the cluster that the server belongs to is down"},
    {"LOADING", "", RefusalKind::kEverything, ErrorCode::kIo, "the server is still loading its data: try again later"},
    {"NOAUTH", "", RefusalKind::kEverything, ErrorCode::kIo, "the server wants a password"},
    {"NOPERM", "", RefusalKind::kRights, ErrorCode::kIo,
     "the user isn't allowed to do this (it takes +restore +select, for --logical +@write, and the keys)"},
    {"MOVED", "", RefusalKind::kKey, ErrorCode::kIo, "another node of the cluster holds this key: restore into that one as well"},
    {"ASK ", "", RefusalKind::kKey, ErrorCode::kIo, "the cluster is just moving this key to another node: try again later"},
    {"TRYAGAIN", "", RefusalKind::kKey, ErrorCode::kIo, "the cluster is just moving this key to another node: try again later"},
    {"", "unknown command", RefusalKind::kEverything, ErrorCode::kUnsupported,
     "the server doesn't know the command, or it is forbidden there: --logical restores without RESTORE"},
    {"", "payload version or checksum", RefusalKind::kKey, ErrorCode::kUnsupported,
     "the server doesn't take the value: it is of a newer version, or was damaged on its way: --logical restores it with other commands"},
    {"", "Bad data format", RefusalKind::kKey, ErrorCode::kUnsupported,
     "the server can't make sense of the value: it is damaged, or of a module that the server doesn't have"},
}};

}  // namespace

Refusal refusal_of(const std::string& error) {
  for (const Known& known : kKnown) {
    const bool is = known.begin.empty() ? error.find(known.within) != std::string::npos : error.starts_with(known.begin);
    if (is) return {known.kind, known.code, std::string(known.message) + " (" + printable(error) + ")"};
  }
  return {RefusalKind::kKey, ErrorCode::kIo, "the server refuses it: " + printable(error)};
}

void ReplyQueue::take_one() {
  const RedisReply reply = connection_.receive();
  const Entry entry = std::move(awaited_.front());
  awaited_.pop_front();
  bytes_ -= entry.bytes;
  answer_(entry.command, reply);
}

void ReplyQueue::sent(Awaited command, uint64_t command_bytes) {
  awaited_.push_back({std::move(command), command_bytes});
  bytes_ += command_bytes;
  if (awaited_.size() < kMostAwaited && bytes_ < kMostReplyBytes) return;
  // Half of them: each first reply costs that everything is sent, however little it is.
  while (awaited_.size() > kMostAwaited / 2 || (bytes_ > kMostReplyBytes / 2 && !awaited_.empty())) take_one();
}

void ReplyQueue::drain() {
  while (!awaited_.empty()) take_one();
}

}  // namespace cairn
