// What a server answers, in RESP 2: bytes in, replies out.   Parsed by hiredis.
//
// Memory:   a reply, at most kMostReplyBytes, and what was fed beyond it.   Work follows the bytes, whatever they say.
// Threads:  one thread at a time.
// Source:   Redis protocol specification (RESP); hiredis's reader.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/bytes.h"

namespace cairn {

struct RedisReply {
  enum class Kind { kStatus, kError, kInteger, kString, kArray, kNil };
  Kind kind = Kind::kNil;
  std::string text;                  // status, error, string
  int64_t integer = 0;
  std::vector<RedisReply> elements;  // array
};

class ReplyReader {
 public:
  static constexpr size_t kMostReplyBytes = 256 << 20;   // with what its pieces take in memory
  static constexpr size_t kMostLineBytes = 64 << 10;     // of a status, an error or a number that has no end yet

  // Throws std::bad_alloc when there is no memory; so does feed().
  ReplyReader();
  ~ReplyReader();
  ReplyReader(ReplyReader&&) noexcept;
  ReplyReader& operator=(ReplyReader&&) noexcept;

  // Requires: next() wanted more.
  void feed(ByteView bytes);
  // The next reply; false when more bytes are needed, or these are none: then problem() says why, now and from then on.
  bool next(RedisReply& out);
  const std::string& problem() const;

  // What was fed beyond the last reply; it is handed over.
  Bytes take_rest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
