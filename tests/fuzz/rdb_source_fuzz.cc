// Any bytes as an RDB file that is saved: the same bytes come back, parts are such as a catalogue holds and lie in the stored stream, and
// nothing depends on how it is read; a recipe or a stored stream that was meddled with gives an error.   Input: what to do (1 byte),
// the file; with the highest bit set: three bytes for each of 8 changes behind the first byte.
#include <algorithm>
#include <cstring>

#include "ingest/redis/rdb_source.h"
#include "store/tree/catalogue.h"
#include "tests/fuzz/fuzz_target.h"

namespace cairn {
namespace {

constexpr uint8_t kMeddle = 0x80;
constexpr size_t kChanges = 8, kChangeBytes = 3;
constexpr size_t kLeastMemory = 1;

struct Stored {
  std::string bytes;
  std::vector<Mark> marks;
  StreamParts what;
  std::vector<Part> parts;
};

Stored store(std::string_view file, size_t read_bytes) {
  Stored out;
  const auto source = make_rdb_source(
      [left = file](std::span<uint8_t> into) mutable {
        const size_t size = std::min(into.size(), left.size());
        if (size > 0) std::memcpy(into.data(), left.data(), size);
        left.remove_prefix(size);
        return size;
      },
      kLeastMemory);
  Bytes block(read_bytes);
  while (const size_t got = source->read(block)) {
    out.bytes += text(ByteView(block).first(got));
    source->take_marks(out.marks);
  }
  source->take_marks(out.marks);
  out.what = source->parts();
  if (out.what.sorted_parts)
    for (Part part; out.what.sorted_parts->next(part);) out.parts.push_back(part);
  return out;
}

std::string rebuilt(std::string_view stored, ByteView recipe) {
  std::string out;
  const ReadStored read = [&](uint64_t offset, uint64_t length, const std::function<void(ByteView)>& write) {
    if (offset > stored.size() || length > stored.size() - offset) throw Error(ErrorCode::kCorrupt, "beyond the stored stream");
    write(view(stored.substr(offset, length)));
  };
  make_rdb_rebuilder(recipe, kLeastMemory)->rebuild(0, read, [&](ByteView bytes) { out += text(bytes); });
  return out;
}

void require_sound(const Stored& rdb, std::string_view file) {
  require((rdb.what.transform.empty() ? rdb.bytes : rebuilt(rdb.bytes, rdb.what.recipe)) == file);
  std::string last;
  for (const Part& part : rdb.parts) {
    require(CatalogueWriter::holds(part) && (last.empty() || part.name > last));
    last = part.name;
    for (const Extent& extent : part.extents)
      require(extent.offset_bytes <= rdb.bytes.size() && extent.length_bytes <= rdb.bytes.size() - extent.offset_bytes);
  }
  uint64_t mark = 0;
  for (const Mark& one : rdb.marks) {
    require(one.offset_bytes > mark && one.offset_bytes <= rdb.bytes.size());
    mark = one.offset_bytes;
  }
}

// Of a change the first byte's lowest bit says whether it is the recipe's, the rest and the second byte where, the third what to.
void require_refused_or_right(const Stored& rdb, std::string_view file, std::string_view changes) {
  Bytes recipe = rdb.what.recipe;
  std::string stored = rdb.bytes;
  for (; changes.size() >= kChangeBytes; changes.remove_prefix(kChangeBytes)) {
    const auto byte = [&](size_t at) { return static_cast<uint8_t>(changes[at]); };
    const size_t place = byte(0) / 2 * 256 + byte(1);
    if ((byte(0) & 1) != 0 && !recipe.empty()) recipe[place % recipe.size()] = byte(2);
    else if (!stored.empty()) stored[place % stored.size()] = changes[2];
  }
  refuse_or([&] { require(rebuilt(stored, recipe) == file); });
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  if (size < 1) return 0;
  const uint8_t what = data[0];
  std::string_view rest = text(ByteView(data + 1, size - 1)), changes;
  if ((what & kMeddle) != 0) {
    changes = rest.substr(0, kChanges * kChangeBytes);
    rest.remove_prefix(changes.size());
  }
  const Stored whole = store(rest, 64 << 10);
  require_sound(whole, rest);
  const Stored again = store(rest, size_t{1} + (what & (kMeddle - 1u)));
  require(again.bytes == whole.bytes && again.what.recipe == whole.what.recipe && again.parts == whole.parts);
  if (!whole.what.transform.empty()) require_refused_or_right(whole, rest, changes);
  return 0;
}
