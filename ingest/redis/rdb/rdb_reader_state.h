// The inside of RdbReader: where it is in the stream, and the item that was read last.  rdb_reader.cc goes from item to item,
// rdb_reader_records.cc reads one.
//
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/redis/rdb/rdb_header.h"
#include "ingest/redis/rdb/rdb_reader.h"
#include "ingest/redis/rdb/rdb_text.h"
#include "ingest/redis/rdb/rdb_walk.h"
#include "ingest/redis/rdb/rdb_window.h"
#include "store/bytes.h"

namespace cairn {

struct RdbReader::State {
  explicit State(std::function<size_t(std::span<uint8_t>)> read) : window(std::move(read)) {}

  enum class Mode {
    kItems,
    kLongValue,   // of a key
    kLongOther,   // of an opcode
    kBroken,      // the rest is next
    kRest,
    kEnd,
  };
  enum class Step { kItem, kMore, kRest };   // one, more bytes are needed to tell, or not understood

  Item next();
  ByteView piece();
  ByteView rest_piece();

  Item next_item();
  Item break_off();
  bool fill();
  Step parse();
  Step parse_header();
  Step parse_prefixed();
  Step parse_key(const uint8_t* p);
  Step parse_value(const uint8_t* value, const char* shape);
  Step long_value(const uint8_t* value, const char* shape);
  Step parse_opcode(const uint8_t* p);
  Step parse_shape(const char* shape);
  Step parse_database();
  Step parse_aux();
  Step parse_function();
  Step parse_end();
  Step string(const uint8_t*& p, std::string_view what, rdb::Text& decoder, std::string_view& decoded);
  Step other(const uint8_t* end);
  void judge_end();
  Step refuse(std::string_view why, bool not_known = false);
  Step damaged(std::string_view what) { return refuse(std::string(what) + " is damaged"); }
  // The stream is known to end before these bytes do.
  bool missing(const uint8_t* p, uint64_t size) const { return window.ended() && size > static_cast<uint64_t>(window.end() - p); }
  // kDone doesn't come here.
  Step stop(rdb::Walk walk, std::string_view what) { return walk == rdb::Walk::kMore ? Step::kMore : damaged(what); }

  rdb::Window window;
  const uint8_t* next_begin = window.begin();   // where the item ends; in the window
  Mode mode = Mode::kItems;
  rdb::Header header;
  bool header_seen = false, end_seen = false, checksum_wrong = false, not_known = false;
  uint32_t db = 0;
  uint64_t trailing = 0;
  std::string tail;     // the last bytes of the rest, as many as an end has
  std::string problem;

  Item item = Item::kEnd;
  ByteView bytes;
  RdbKey key;
  std::optional<RdbAux> aux;
  std::string_view function;
  rdb::Text name_text, value_text;
  rdb::Walker walker;        // of a long value
  Bytes long_head;      // what stands before a long value
};

}  // namespace cairn
