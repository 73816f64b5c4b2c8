// The body of a pack's directory, with and without its chunks.  Input: the size of the pack in KiB (2 bytes), the body.
#include "store/pack/directory.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  if (size < 2) return 0;
  PackInfo pack;
  pack.size_bytes = (uint64_t{data[0]} | uint64_t{data[1]} << 8) << 10;
  ByteView body(data + 2, size - 2);
  refuse_or([&] {
    pack.decode_body(body);
    require(pack.encode_body() == Bytes(body.begin(), body.end()));   // one directory has one encoding
    uint64_t end = kFirstFrameOffset, chunks = 0;
    for (const FrameInfo& frame : pack.frames) {
      require(frame.offset == end && frame.plain_bytes <= kMostFrameBytes && frame.bases.size() <= kMostBases);
      end += frame.stored_bytes;
      chunks += frame.chunk_count;
    }
    require(end + kPackFooterBytes <= pack.size_bytes && chunks == pack.chunks.size());
  });
  refuse_or([&] { pack.decode_bare_body(body); });
  return 0;
}
