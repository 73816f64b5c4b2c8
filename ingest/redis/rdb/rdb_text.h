// A string of an RDB file as it was before it was encoded.
//
// Threads:  one thread at a time.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "ingest/redis/rdb/rdb_walk.h"
#include "store/bytes.h"

namespace cairn::rdb {

class Text {
 public:
  // `stored`: what follows the beginning.  nullopt: it isn't what it says.  The view is into `stored` or lives until the next call.
  // Requires: head.decoded_bytes is no more than memory should hold.
  std::optional<std::string_view> decode(const StringHead& head, const uint8_t* stored);

 private:
  std::string_view number(int64_t value);

  std::array<char, 24> digits_;
  Buffer decoded_;   // grows to the longest
};

}  // namespace cairn::rdb
