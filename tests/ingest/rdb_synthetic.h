// RDB files of every version, made by hand: no server wrote them.  What they hold is as a server would write it, up to the inside
// of ziplists, listpacks and streams; only of types whose inside isn't known to us is it arbitrary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/redis/rdb/rdb_reader.h"
#include "store/bytes.h"

namespace cairn {

// ---- pieces

std::string rdb_length(uint64_t value);
std::string rdb_raw(std::string_view text);                              // a string as it is
std::string rdb_int(int64_t value);                                      // the shortest of int8, int16 and int32 that fits
std::string rdb_lzf(std::string_view text);                              // compressed; only literals, so it is longer
std::string rdb_lzf_run(char letter, size_t size);                       // that letter over and over, compressed.  size ≥ 4
std::string little_endian(uint64_t value, size_t bytes);

std::string listpack(const std::vector<std::string>& entries);           // of at most 63 bytes each; what looks like 0..127 is a number
std::string ziplist(const std::vector<std::string>& entries);            // of at most 63 bytes each
std::string intset(const std::vector<int16_t>& values);                  // ascending
std::string zipmap(const std::vector<std::pair<std::string, std::string>>& fields);
// A stream's value of type 15, 19 or 21: two entries, a group, two consumers, a pending entry.
std::string stream_value(uint8_t type);

// ---- files

struct SyntheticKey {
  uint32_t db = 0;
  std::string name;
  uint8_t type = 0;
  std::optional<int64_t> expires_ms;
  std::string value;
};

struct SyntheticRdb {
  std::string what;                  // for messages
  RdbFlavor flavor = RdbFlavor::kRedis;
  int version = 0;
  std::string bytes;
  std::vector<SyntheticKey> keys;    // that a reader finds, in this order
  bool unknown = false;              // and then it meets what it can't know
};

class RdbForge {
 public:
  enum class Checksum { kRight, kNone, kWrong };   // kNone: zero

  RdbForge(std::string what, RdbFlavor flavor, int version);
  void raw(std::string_view bytes) { rdb_.bytes += bytes; }
  void aux(std::string_view name, std::string_view value);
  void database(uint32_t db);
  void key(std::string_view name, uint8_t type, std::string_view value) {
    prefixed_key("", std::nullopt, rdb_raw(name), name, type, value);
  }
  void expiring_key(int64_t expires_ms, std::string_view name, uint8_t type, std::string_view value);
  // `prefix`: the opcodes in front; `encoded_name` decodes to `name`.
  void prefixed_key(std::string_view prefix, std::optional<int64_t> expires_ms, std::string_view encoded_name, std::string_view name,
                    uint8_t type, std::string_view value);
  // What follows isn't found by a reader.
  void unknown() { rdb_.unknown = true; }
  SyntheticRdb finish(Checksum checksum = Checksum::kRight);

 private:
  SyntheticRdb rdb_;
  uint32_t db_ = 0;
};

// A record of a key.
std::string rdb_key(std::string_view name, uint8_t type, std::string_view value);
// A file of Redis 10 with these bytes between its header and its end.
std::string rdb_file(std::string_view records, RdbForge::Checksum checksum = RdbForge::Checksum::kRight);

// Every version, with all that it may hold; of 5 to 8 also without a checksum.
std::vector<SyntheticRdb> synthetic_rdbs();

}  // namespace cairn
