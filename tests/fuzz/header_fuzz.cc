// The header and the trailer that every stored file has.  Input: the type expected (1 byte), the file.
#include <algorithm>

#include "store/format.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  if (size < 1) return 0;
  ByteView file(data + 1, size - 1);
  refuse_or([&] {
    Header header = Header::decode(file, static_cast<ObjectType>(data[0] % 8 + 1), "file");
    require(std::ranges::equal(header.encode(), file.first(kHeaderBytes)));
  });
  refuse_or([&] { require(check_trailer(file, "file").size() + kTrailerBytes == file.size()); });
  return 0;
}
