// Where a chunk is.
#pragma once

#include <cstdint>

namespace cairn {

struct Location {
  uint32_t pack = 0;          // local number of the pack: see Index::pack()
  uint32_t frame = 0;         // position in PackInfo::frames
  uint32_t offset_bytes = 0;  // in the frame's plaintext
  uint32_t length_bytes = 0;
  uint32_t chunk = 0;         // position in the chunk list of the pack
  bool operator==(const Location&) const = default;
};

}  // namespace cairn
