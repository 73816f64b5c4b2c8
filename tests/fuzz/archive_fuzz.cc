// Archives of pg_dump: whatever comes, the original can be made anew; and recipes.  Input: 0 (an archive) or 1 (a recipe), the bytes.
#include <algorithm>
#include <string>

#include "ingest/postgres/archive/archive_source.h"
#include "ingest/postgres/archive/rebuild.h"
#include "tests/fuzz/fuzz_target.h"

namespace cairn {
namespace {

void check_archive(ByteView archive) {
  size_t at = 0;
  const auto source = make_archive_source(
      [&](std::span<uint8_t> into) {
        const size_t size = std::min({into.size(), archive.size() - at, size_t{5000}});
        std::copy_n(archive.begin() + static_cast<ptrdiff_t>(at), size, into.begin());
        at += size;
        return size;
      },
      "component");
  Bytes stored, piece(10'000);
  std::vector<Mark> marks;
  while (const size_t size = source->read(piece)) {
    stored.insert(stored.end(), piece.begin(), piece.begin() + static_cast<ptrdiff_t>(size));
    source->take_marks(marks);
    require(source->settled() <= stored.size());
  }
  source->take_marks(marks);
  for (size_t i = 1; i < marks.size(); ++i) require(marks[i - 1].offset_bytes <= marks[i].offset_bytes);
  for (const Mark& mark : marks) require(mark.offset_bytes <= stored.size());
  const StreamParts parts = source->parts();
  for (const Part& part : parts.parts) {
    for (const Extent& one : part.extents) require(one.offset_bytes <= stored.size() && one.length_bytes <= stored.size() - one.offset_bytes);
  }
  if (parts.transform.empty()) {
    require(std::ranges::equal(stored, archive));
    return;
  }
  Bytes rebuilt;
  rebuild_archive(
      parts.recipe, 0, [&](uint64_t offset, uint64_t length, const auto& write) { write(ByteView(stored).subspan(offset, length)); },
      [&](ByteView bytes) { rebuilt.insert(rebuilt.end(), bytes.begin(), bytes.end()); });
  require(std::ranges::equal(rebuilt, archive));
}

void check_recipe(ByteView recipe) {
  refuse_or([&] {
    const size_t files = archive_files(recipe).size();
    for (size_t file = 0; file < std::min<size_t>(files, 3); ++file) {
      refuse_or([&] {
        rebuild_archive(
            recipe, file,
            [](uint64_t, uint64_t length, const auto& write) {
              const Bytes row(1000, '\n');
              for (uint64_t done = 0; done < std::min<uint64_t>(length, 1 << 20); done += row.size()) write(row);
            },
            [](ByteView) {});
      });
    }
  });
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const cairn::ByteView bytes(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    cairn::check_archive(bytes);
  } else {
    cairn::check_recipe(bytes);
  }
  return 0;
}
