// What stands behind each byte of an RDB file, as far as it is known.   Immutable.
//
// A shape says how to pass over something, a letter a piece:
//   l   a length                        s   a string
//   6 8  sixteen and eight bytes         z   a score as text
//   m   a module's values to their end  { } a length, and so often what is between
// Source: rdb.h and rdb.c of Redis 7 and Valkey 9 (as facts).
#pragma once

#include <cstdint>

#include "ingest/redis/rdb/rdb_reader.h"

namespace cairn {

namespace rdb {

inline constexpr uint8_t kSlotImport = 243, kSlotInfo = 244, kFunction = 245, kModuleAux = 247, kIdle = 248, kFrequency = 249, kAux = 250,
                         kResizeDb = 251, kExpiryMs = 252, kExpirySeconds = 253, kSelectDb = 254, kEof = 255;
inline constexpr uint8_t kFirstOpcode = 243;   // below: types of values

inline constexpr size_t kHeaderBytes = 9, kChecksumBytes = 8;
inline constexpr int kFirstVersionWithChecksum = 5, kLastRedisVersion = 14, kValkeyVersion = 80;

// Of a type's value, or of what follows an opcode that has nothing but a shape; nullptr: not known.
const char* shape(RdbFlavor flavor, uint8_t byte);

}  // namespace rdb

}  // namespace cairn
