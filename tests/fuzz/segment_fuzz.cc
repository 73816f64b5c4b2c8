// The content of an index segment, as it is after opening.
#include "store/index/segment.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cairn::refuse_or([&] { cairn::decode_segment_content({data, size}, "segment"); });
  return 0;
}
