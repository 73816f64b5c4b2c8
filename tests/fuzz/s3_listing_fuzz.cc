// What an S3 server, or whoever answers in its place, sends as a list or an error.
#include "store/backend/s3/listing.h"

#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  refuse_or([&] {
    const S3Listing page = parse_listing(xml);
    require(page.objects.size() <= size);
    for (const S3Object& object : page.objects) require(!object.key.empty());
  });
  parse_failure(xml);
  return 0;
}
