// Writes RDB files: what a SCAN of a live server gives, and selected keys of a snapshot.
//
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "ingest/redis/rdb/rdb_reader.h"
#include "store/bytes.h"

namespace cairn {

// An AUX field of ours: how an RDB was made that no server wrote; "scan": key by key, so it isn't of one instant.
inline constexpr std::string_view kCaptureAux = "cairn-capture";

class RdbWriter {
 public:
  // `write` gets the bytes in order, in pieces of any size.  The header goes out at once.
  RdbWriter(RdbFlavor flavor, int version, std::function<void(ByteView)> write);
  void aux(std::string_view name, std::string_view value);
  void function(std::string_view source);
  // Keys of one database follow each other; the number goes out when it changes.
  // Then exactly the value's bytes (a DUMP payload without its type, version and checksum) must come through value().
  void key(uint32_t db, std::string_view name, uint8_t type, std::optional<int64_t> expires_ms);
  void value(ByteView bytes);
  // The end and the checksum.
  void finish();

 private:
  void put(ByteView bytes);
  std::function<void(ByteView)> write_;
  int version_ = 0;
  uint64_t crc_ = 0;
  std::optional<uint32_t> db_;
};

inline constexpr size_t kDumpFooterBytes = 10;
// The 10 bytes behind type and value that make them a DUMP payload: version and the checksum of everything before.
// `crc`: crc64 of type and value.
Bytes dump_footer(uint64_t crc, int rdb_version);

}  // namespace cairn
