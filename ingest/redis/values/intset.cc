#include "ingest/redis/values/intset.h"

namespace cairn {

IntsetReader::IntsetReader(ByteView bytes) : in_(bytes, "intset"), width_(in_.u32()) {
  if (width_ != 2 && width_ != 4 && width_ != 8) in_.fail("integers of no known length");
  const uint64_t count = in_.u32();
  if (in_.remaining() != count * width_) in_.fail("its integers aren't as many as it says");
}

bool IntsetReader::next(int64_t& value) {
  if (in_.remaining() == 0) return false;
  switch (width_) {
    case 2: value = static_cast<int16_t>(in_.u16()); break;
    case 4: value = static_cast<int32_t>(in_.u32()); break;
    default: value = static_cast<int64_t>(in_.u64());
  }
  return true;
}

}  // namespace cairn
