// Strings that Redis compressed with LZF.   Thread-safe.
#pragma once

#include <cstdint>
#include <span>

#include "store/bytes.h"

namespace cairn {

// No compressed byte stands for more.
inline constexpr uint64_t kMostLzfGain = 88;

// Whether `compressed` is exactly `into.size()` bytes when decompressed; they are in `into` then.
bool lzf_decode(ByteView compressed, std::span<uint8_t> into);

}  // namespace cairn
