#include "ingest/redis/values/quicklist.h"

#include "ingest/redis/values/listpack.h"
#include "ingest/redis/values/ziplist.h"

namespace cairn {

namespace {

enum Container : uint64_t { kPlain = 1, kPacked = 2 };

}  // namespace

void read_quicklist_of_ziplists(ValueReader& in, const std::function<void(std::string_view)>& element) {
  std::string scratch;
  PackedElement one;
  for (uint64_t nodes = in.length(); nodes > 0; --nodes) {
    ZiplistReader node(view(in.string(scratch)));
    while (node.next(one)) element(one.text());
  }
}

void read_quicklist_of_listpacks(ValueReader& in, const std::function<void(std::string_view)>& element) {
  std::string scratch;
  PackedElement one;
  for (uint64_t nodes = in.length(); nodes > 0; --nodes) {
    const uint64_t container = in.length();
    if (container != kPlain && container != kPacked) in.bytes().fail("a list's node of no known kind");
    const std::string_view bytes = in.string(scratch);
    if (container == kPlain) {
      element(bytes);
      continue;
    }
    ListpackReader node(view(bytes));
    while (node.next(one)) element(one.text());
  }
}

}  // namespace cairn
