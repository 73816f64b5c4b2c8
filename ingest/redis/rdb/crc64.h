// CRC-64 as Redis has it at the end of RDB files and DUMP payloads ("Jones": reflected 0x95ac9329ac4bc9b5, start 0, no final xor;
// of "123456789": 0xe9c6d914c4b8d9ca).   Thread-safe.
#pragma once

#include <cstdint>

#include "store/bytes.h"

namespace cairn {

// Continues `crc`, which is 0 at the beginning.
uint64_t crc64(uint64_t crc, ByteView bytes);

}  // namespace cairn
