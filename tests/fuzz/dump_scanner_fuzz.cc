// Any bytes as a dump: never a crash, extents within the input and in order, marks where they may be, and the same outline however
// the bytes are split.   Input: how long the pieces are (1 byte), the dump.
#include "tests/fuzz/fuzz_target.h"
#include "tests/ingest/outline_text.h"

namespace cairn {
namespace {

void require_within(const std::vector<Extent>& extents, uint64_t size) {
  uint64_t end = 0;
  for (const Extent& extent : extents) {
    require(extent.offset_bytes >= end && extent.length_bytes <= size && extent.offset_bytes <= size - extent.length_bytes);
    end = extent.offset_bytes + extent.length_bytes;
  }
}

void require_sound(const std::vector<DumpItem>& items, uint64_t size) {
  for (const DumpItem& item : items) {
    require_within(item.text, size);
    require_within({item.statements}, size);
    require_within({item.rows}, size);
    require(item.sample.size() <= size_t{64} << 10);
  }
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  if (size < 1) return 0;
  const std::string_view dump = text(ByteView(data + 1, size - 1));
  DumpScanner::looks_like_dump(view(dump));
  const Scanned whole = scan(dump);
  require(whole.order_kept);
  require(whole.outline.ended == whole.outline.problem.empty());
  require_within(whole.outline.globals, dump.size());
  require_sound(whole.outline.definitions, dump.size());
  for (const DumpDatabase& database : whole.outline.databases) {
    require_within({database.extent}, dump.size());
    require_within(database.settings, dump.size());
    require_sound(database.items, dump.size());
  }
  const Scanned pieces = scan_in(dump, [&] { return size_t{1} + data[0]; });
  require(pieces.order_kept && pieces.text() == whole.text());
  return 0;
}
