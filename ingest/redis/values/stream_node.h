// Reads a node of a stream: a listpack whose first entry says how many entries there are and names the fields that most of them have.
//
//   first entry  entries, deleted entries, number of fields, their names, 0
//   entry        flags, ms and seq from the node's id on, [number of fields], values | names and values, how many elements it took
//
// Threads:  one thread at a time.
// Source:   t_stream.c of Redis 7 (as facts).
#pragma once

#include <compare>
#include <string>

#include "ingest/redis/values/listpack.h"

namespace cairn {

struct StreamId {
  uint64_t ms = 0, seq = 0;
  auto operator<=>(const StreamId&) const = default;
  std::string text() const { return std::to_string(ms) + "-" + std::to_string(seq); }
  // 16 bytes, the highest first.   Errors: kCorrupt for another length.
  static StreamId of(ByteView bytes);
};

class StreamNodeReader {
 public:
  // The bytes must outlive the reader and what it hands out.   Errors (of all): kCorrupt.
  StreamNodeReader(StreamId node, ByteView listpack);

  // The next entry that wasn't deleted; false: that was all.   Requires: the fields of the one before were read.
  bool next(StreamId& id);
  // How many fields it has, and the next of them.
  uint64_t fields() const { return fields_; }
  void field(PackedElement& name, PackedElement& value);

 private:
  PackedElement element();
  int64_t integer();
  uint64_t number();   // not negative
  bool begin_entry(StreamId& id, bool& deleted);
  void end_entry();

  const StreamId node_;
  ListpackReader in_;
  uint64_t live_, deleted_;        // entries that must still come
  uint64_t common_fields_;
  ListpackReader common_;          // before the first of the common names
  ListpackReader names_;           // within them, for an entry that has them
  bool has_common_ = false;
  uint64_t fields_ = 0, left_ = 0;   // of the entry
};

}  // namespace cairn
