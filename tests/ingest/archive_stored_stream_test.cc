#include "ingest/postgres/archive/stored_stream.h"

#include <random>

#include "tests/ingest/archive_fixture.h"

namespace cairn {
namespace {

// A table whose rows were packed as nothing here would pack them.
struct Unusual {
  std::string rows, archive;
};
Unusual unusual(size_t bytes) {
  std::mt19937_64 random(5);
  Unusual out;
  while (out.rows.size() < bytes) out.rows += std::to_string(random()) + "\t" + std::to_string(random()) + "\n";
  SteadyPacker packer({PackCodec::kZlib, 6, 5});
  Bytes packed;
  packer.add(view(out.rows + "\\.\n\n\n"), packed);
  packer.finish(packed);
  out.archive = first_block_begun("archive_15.pgdump");
  for (size_t at = 0; at < packed.size(); at += 4096) {
    const ByteView chunk = ByteView(packed).subspan(at, std::min<size_t>(4096, packed.size() - at));
    out.archive += archive_number(static_cast<int64_t>(chunk.size())) + std::string(text(chunk));
  }
  out.archive += archive_number(0);
  return out;
}

TEST(StoredStream, PutsVerbatimBytesBetweenRows) {
  const Unusual one = unusual(12'000'000);
  const TakenIn in = round_trip(one.archive);
  EXPECT_GT(in.verbatim_bytes(), 4'000'000U);
  const auto rows = std::ranges::find_if(in.parts.parts, [](const Part& part) { return part.kind == "rows" && !part.extents.empty(); });
  ASSERT_NE(rows, in.parts.parts.end());
  EXPECT_TRUE(in.text_of(rows->extents) == one.rows);
  EXPECT_GT(rows->extents.size(), 2U);
  EXPECT_LT(rows->extents.size(), 20U);
  // Every piece begins and ends with a mark, and with a line.
  for (const Extent& piece : rows->extents) {
    const uint64_t end = piece.offset_bytes + piece.length_bytes;
    EXPECT_EQ(in.stored[end - 1], '\n');
    const auto has = [&](uint64_t at, bool records) {
      return std::ranges::any_of(in.marks, [&](const Mark& mark) { return mark.offset_bytes == at && mark.records == records; });
    };
    EXPECT_TRUE(has(piece.offset_bytes, true)) << piece.offset_bytes;
    EXPECT_TRUE(has(end, false)) << end;
  }
}

TEST(StoredStream, SettlesAsItIsRead) {
  const Unusual one = unusual(6'000'000);
  size_t at = 0;
  const auto source = make_archive_source(
      [&](std::span<uint8_t> into) {
        const size_t size = std::min(into.size(), one.archive.size() - at);
        std::memcpy(into.data(), one.archive.data() + at, size);
        at += size;
        return size;
      },
      "component");
  Bytes piece(50'000);
  uint64_t read = 0;
  while (const size_t size = source->read(piece)) {
    read += size;
    EXPECT_LE(source->settled(), read);
    EXPECT_GE(source->settled() + 65'536, read);
  }
}

}  // namespace
}  // namespace cairn
