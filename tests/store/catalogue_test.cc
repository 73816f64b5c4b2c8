#include "store/tree/catalogue.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

std::vector<Part> parts_at(uint64_t base) {
  std::vector<Part> parts(3);
  parts[0] = {"db/a", "table", {1, 2}, {{base + 10, 5}, {base + 100, 50}}, {{"rows", "7"}}};
  parts[1] = {"db/b", "table", {}, {}, {}};
  parts[2] = {"db/c", "key", {}, {{base + 20, 0}, {base + 5, 3}}, {}};
  return parts;
}
std::vector<Part> decode(ByteView bytes, uint64_t base, uint64_t& end) {
  Decoder in(bytes, "catalogue");
  open_object(in);
  return decode_catalogue_leaf(in, base, end);
}

TEST(Catalogue, PartsComeBackWithTheirExtents) {
  for (uint64_t base : {uint64_t{0}, uint64_t{1} << 40}) {
    uint64_t end = 0, end_again = 1;
    Bytes bytes = encode_catalogue_leaf(parts_at(base), base, end);
    EXPECT_EQ(decode(bytes, base, end_again), parts_at(base));
    EXPECT_EQ(end, end_again);
    EXPECT_EQ(end, base + 8);
  }
}

TEST(Catalogue, ALeafStaysTheSameWhenTheStreamShifts) {
  uint64_t end = 0;
  EXPECT_EQ(encode_catalogue_leaf(parts_at(1000), 1000, end), encode_catalogue_leaf(parts_at(7777), 7777, end));
}

TEST(Catalogue, BranchesComeBackAndHostileOnesAreRefused) {
  std::vector<CatalogueChild> children = {{ChunkId{{1}}, 5, -7, "a"}, {ChunkId{{2}}, UINT64_MAX, INT64_MAX, "b"}};
  Bytes good = encode_catalogue_branch(children);
  auto read = [](ByteView bytes) {
    Decoder in(bytes, "branch");
    open_object(in);
    return decode_catalogue_branch(in);
  };
  EXPECT_EQ(read(good), children);
  for (size_t size = 0; size < good.size(); ++size) EXPECT_EQ(code_of([&] { read(ByteView(good).first(size)); }), ErrorCode::kCorrupt);
}

TEST(Catalogue, HostileLeavesAreRefused) {
  uint64_t end = 0;
  Bytes good = encode_catalogue_leaf(parts_at(0), 0, end);
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(code_of([&] { decode(ByteView(good).first(size), 0, end); }), ErrorCode::kCorrupt);
  std::vector<Part> beyond(1);
  beyond[0].extents = {{UINT64_MAX - 5, 10}};
  Bytes bad = encode_catalogue_leaf(beyond, 0, end);
  EXPECT_EQ(code_of([&] { decode(bad, 0, end); }), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
