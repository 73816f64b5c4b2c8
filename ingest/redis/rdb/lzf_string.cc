#include "ingest/redis/rdb/lzf_string.h"

#include <liblzf/lzf.h>

#include <limits>

namespace cairn {

bool lzf_decode(ByteView compressed, std::span<uint8_t> into) {
  constexpr size_t kMost = std::numeric_limits<unsigned>::max();
  // The library reads a byte before it looks at the length, and answers 0 for an error.
  if (compressed.empty() || into.empty() || compressed.size() > kMost || into.size() > kMost) return false;
  return lzf_decompress(compressed.data(), static_cast<unsigned>(compressed.size()), into.data(), static_cast<unsigned>(into.size())) ==
         into.size();
}

}  // namespace cairn
