// Any bytes as a server's replies: never a crash, the same ones however they come, nothing that wasn't said, and what was refused stays
// so.   Input: how long the pieces are (1 byte), the bytes.
#include "ingest/redis/reply.h"
#include "tests/fuzz/fuzz_target.h"

namespace cairn {
namespace {

using Kind = RedisReply::Kind;

// What a reply says, unmistakably; its strings count for `said`.
void write(const RedisReply& reply, std::string& out, size_t& said) {
  out += static_cast<char>('0' + static_cast<int>(reply.kind));
  out += std::to_string(reply.integer) + ":" + std::to_string(reply.text.size()) + ":" + reply.text;
  require(reply.elements.empty() || reply.kind == Kind::kArray);
  require(reply.text.empty() || reply.kind == Kind::kString || reply.kind == Kind::kStatus || reply.kind == Kind::kError);
  said += 3 + reply.text.size();   // no reply is shorter
  out += "[";
  for (const RedisReply& element : reply.elements) write(element, out, said);
  out += "]";
}

struct Heard {
  std::string replies, problem;
  bool operator==(const Heard&) const = default;
};

Heard hear(ByteView bytes, size_t piece) {
  Heard out;
  ReplyReader reader;
  size_t said = 0;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    for (RedisReply reply; reader.next(reply);) write(reply, out.replies, said);
  }
  out.problem = reader.problem();
  require(said <= bytes.size());
  if (!out.problem.empty()) {
    RedisReply none;
    reader.feed(view(std::string_view("+OK\r\n")));
    require(!reader.next(none) && reader.problem() == out.problem);
  } else {
    require(reader.take_rest().size() <= bytes.size() - said);
  }
  return out;
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  if (size < 1) return 0;
  const ByteView bytes(data + 1, size - 1);
  const Heard whole = hear(bytes, std::max<size_t>(1, bytes.size()));
  require(hear(bytes, size_t{1} + data[0]) == whole);
  return 0;
}
