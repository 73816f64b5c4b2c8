// Reads an RDB file of Redis or Valkey as a stream: keys with their values' bytes as they are, and what stands between them.
//
// Versions 1 to 14 of Redis and 80 of Valkey; what the bytes 22, 243 and others mean depends on the magic.  A value is passed over,
// not understood: nothing in it is decoded but lengths.   Nothing is lost: all that was read comes out, in order, as items.
//
// Memory:   2 MiB and one record of at most kMostWholeBytes.
// Threads:  one thread at a time.
// Source:   rdb.h and rdb.c of Redis 7 and Valkey 9 (as facts); reference tables of RDB versions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "store/bytes.h"

namespace cairn {

enum class RdbFlavor : uint8_t { kRedis, kValkey };   // by the magic: REDIS0011, VALKEY080

struct RdbKey {
  uint32_t db = 0;
  std::string_view name;               // decoded (raw, as an integer, or by LZF)
  uint8_t type = 0;                    // as in the file
  std::optional<int64_t> expires_ms;   // since 1970
  // The record's bytes, in the order of the file; any of the first two may be empty.
  ByteView expiry;                     // opcode 252 or 253 and its time
  ByteView use;                        // opcodes 248, 249: idle time, access frequency.  They change with every save
  ByteView type_and_name;              // the type's byte and the name as the file has it
  ByteView value;                      // whole; empty when `long_value`: it comes through value_piece()
  bool long_value = false;
};

struct RdbAux {
  std::string_view name, value;   // decoded
};

class RdbReader {
 public:
  static constexpr size_t kMostWholeBytes = 1 << 20;   // longer values come in pieces
  static constexpr size_t kMostNameBytes = 4 << 20;    // a longer name isn't understood

  // Whether a stream that begins so is an RDB file.  Wants 9 bytes.
  static bool looks_like_rdb(ByteView beginning);

  // `read`: at least one byte unless the stream has ended.
  explicit RdbReader(std::function<size_t(std::span<uint8_t>)> read);
  ~RdbReader();
  RdbReader(const RdbReader&) = delete;

  enum class Item {
    kOther,      // bytes(): the header, a database's number, sizes, AUX (then also aux()), module data, the end with its checksum
    kFunction,   // bytes(): opcode 245 and the library; function(): its decoded source
    kKey,        // key()
    kRest,       // what isn't understood, to the end of the stream: through rest_piece(); see problem()
    kEnd,        // nothing is left
  };
  // The next item; views are valid until the next call.  A long value that wasn't read to its end is passed over.
  // Errors: what `read` throws; nothing else.
  Item next();
  ByteView bytes() const;
  const RdbKey& key() const;
  std::optional<RdbAux> aux() const;
  std::string_view function() const;
  // The next piece of a long value; empty at its end.   After a value that breaks off next() gives kRest.
  ByteView value_piece();
  // The next piece of the rest; empty at the end.
  ByteView rest_piece();

  RdbFlavor flavor() const;
  int version() const;
  // After kEnd.  Whether its end was there and, unless it has none, the checksum is right.
  bool whole() const;
  // Why not, or why there was a rest: for people, one line, with the offset.  "" when all is well.  Known as soon as something isn't,
  // also in the middle of a long value that breaks off.
  const std::string& problem() const;
  // The rest, if any, is of a type or a version we don't know; not damage.  Of a version we know that is certain at the end of the
  // rest, by the checksum there; else it counts as broken off from then on.
  bool unknown() const;
  // Bytes behind the end of the RDB (an AOF file with an RDB in front); they come as kRest.
  uint64_t trailing_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "string", "list", "set", "zset", "hash", "stream", "module", "array"; "" when it isn't known.
std::string_view rdb_type_name(RdbFlavor flavor, uint8_t type);
// Above every version.
inline constexpr int kNoRdbVersion = 10'000;
// What a server must know to take a payload of this type: the least RDB version with it.  Of `flavor`.
// kNoRdbVersion when the type isn't known.
int rdb_version_of_type(RdbFlavor flavor, uint8_t type);

}  // namespace cairn
