// The content of a snapshot, as it is after opening.
#include "store/snapshot/manifest.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  refuse_or([&] {
    Manifest m = Manifest::decode_content({data, size}, "snapshot");
    for (const ComponentInfo& c : m.components) require(valid_entry_name(c.name));
    Bytes again = m.encode_content();   // unknown fields are gone
    require(Manifest::decode_content(again, "snapshot").encode_content() == again);
  });
  return 0;
}
