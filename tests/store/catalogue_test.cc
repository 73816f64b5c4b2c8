#include "store/tree/catalogue.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

std::vector<Part> parts_at(uint64_t base) {
  std::vector<Part> parts(3);
  parts[0] = {"db/a", "table", {1, 2}, {{base + 10, 5}, {base + 100, 50}}, {{"rows", "7"}, {"type", "TABLE"}}};
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
  std::swap(children[0], children[1]);
  EXPECT_EQ(code_of([&] { read(encode_catalogue_branch(children)); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { read(encode_catalogue_branch({})); }), ErrorCode::kCorrupt);
}

TEST(Catalogue, HostileLeavesAreRefused) {
  uint64_t end = 0;
  Bytes good = encode_catalogue_leaf(parts_at(0), 0, end);
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(code_of([&] { decode(ByteView(good).first(size), 0, end); }), ErrorCode::kCorrupt);
  auto refused = [&](const std::vector<Part>& parts) {
    return code_of([&] { decode(encode_catalogue_leaf(parts, 0, end), 0, end); }) == ErrorCode::kCorrupt;
  };
  EXPECT_FALSE(refused({{"a", "k", {}, {{UINT64_MAX - 10, 10}}, {}}}));
  EXPECT_TRUE(refused({{"a", "k", {}, {{UINT64_MAX - 5, 10}}, {}}}));
  EXPECT_FALSE(refused({{"a", "", {}, {}, {}}, {"b", "", {}, {}, {}}}));
  EXPECT_TRUE(refused({{"b", "", {}, {}, {}}, {"a", "", {}, {}, {}}}));
  EXPECT_TRUE(refused({{"a", "", {}, {}, {}}, {"a", "", {}, {}, {}}}));
  for (const char* name : {"", "/a", "a/", "a//b", "..", "a/../b", "./a"}) EXPECT_TRUE(refused({{name, "", {}, {}, {}}})) << name;
  EXPECT_TRUE(refused({{std::string("a\0b", 3), "", {}, {}, {}}}));
  std::string deep = "1";
  for (int i = 2; i <= 64; ++i) deep += "/x";
  EXPECT_FALSE(refused({{deep, "", {}, {}, {}}}));
  EXPECT_TRUE(refused({{deep + "/x", "", {}, {}, {}}}));
}

// Objects in a map, and readers that count what they load.
class CatalogueTreeTest : public testing::Test {
 protected:
  static std::vector<Part> many(size_t count, uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    std::vector<Part> parts;
    for (size_t i = 0; i < count; ++i) {
      std::string number = std::to_string(1'000'000 + i * 2);
      Part part{"db/public/" + number + ".sql", "table", Bytes(300, 'p'), {{random() % 1'000'000, random() % 1000}}, {{"rows", number}}};
      if (i % 3 == 0) part.extents.push_back({random() % 1'000'000, 7});
      parts.push_back(std::move(part));
    }
    return parts;
  }
  ChunkId put(ByteView bytes) {
    ChunkId id{blake3(bytes)};
    objects_[id] = Bytes(bytes.begin(), bytes.end());
    return id;
  }
  CatalogueReader open(const ChunkId& root, uint64_t content_bytes = 2'000'000) { return CatalogueReader(get_, root, content_bytes); }
  std::vector<Part> read(const ChunkId& root, uint64_t content_bytes = 2'000'000) {
    std::vector<Part> out;
    CatalogueReader reader = open(root, content_bytes);
    while (const Part* part = reader.next()) out.push_back(*part);
    EXPECT_EQ(reader.next(), nullptr);
    return out;
  }
  std::optional<ErrorCode> code_reading(const ChunkId& root) {
    return code_of([&] { read(root); });
  }
  std::map<ChunkId, Bytes> objects_;
  size_t loads_ = 0;
  PutObject put_ = [this](ByteView bytes) { return put(bytes); };
  GetObject get_ = [this](const ChunkId& id) {
    ++loads_;
    return Buffer::copy_of(objects_.at(id));
  };
};

TEST_F(CatalogueTreeTest, OfOnePartNothingStaysForTheNext) {
  const std::vector<std::string> keys = {"", "elements", "expires", "type", "zone"};
  std::mt19937_64 random(3);
  std::vector<Part> parts;
  for (size_t i = 0; i < 5000; ++i) {
    Part part{std::to_string(100'000 + i), std::string(random() % 30, 'k'), Bytes(random() % 4, 'p'), {}, {}};
    for (size_t n = random() % 4; n > 0; --n) part.extents.push_back({random() % 1000, random() % 1000});
    for (const std::string& key : keys)
      if (random() % 2 == 0) part.properties[key] = std::string(random() % 30, 'v');
    parts.push_back(std::move(part));
  }
  EXPECT_EQ(read(write_catalogue(put_, parts)), parts);
  Part out{"name", "", {}, {}, {}};
  for (Part part : parts) {
    Bytes body;
    uint64_t end = 17, end_again = 17;
    append_part_body(body, part, end);
    Decoder in(body, "part");
    read_part_body(in, out, end_again);
    in.finish();
    part.name = "name";
    ASSERT_EQ(out, part);
    ASSERT_EQ(end, end_again);
  }
}

TEST_F(CatalogueTreeTest, OfOneLeafIsThatLeaf) {
  for (size_t count : {0u, 1u, 10u}) {
    const std::vector<Part> parts = many(count);
    uint64_t end = 0;
    EXPECT_EQ(objects_[write_catalogue(put_, parts)], encode_catalogue_leaf(parts, 0, end));
  }
}

TEST_F(CatalogueTreeTest, OffersAreRefusedWhenNoCatalogueHoldsThem) {
  CatalogueWriter writer(put_);
  EXPECT_TRUE(writer.offer({"a", "k", {}, {}, {}}));
  EXPECT_FALSE(writer.offer({"a/../b", "k", {}, {}, {}}));
  EXPECT_FALSE(writer.offer({"b", "k", {}, {}, {{std::string(256, 'k'), ""}}}));
  EXPECT_TRUE(writer.offer({"c", "k", {}, {}, {}}));
  EXPECT_EQ(read(writer.finish()), (std::vector<Part>{{"a", "k", {}, {}, {}}, {"c", "k", {}, {}, {}}}));
}

TEST_F(CatalogueTreeTest, AnyNumberOfPartsComesBackSorted) {
  for (size_t count : {0u, 1u, 2u, 100u, 5000u, 60000u}) {
    std::vector<Part> parts = many(count, count), shuffled = parts;
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937_64(1));
    ChunkId root = write_catalogue(put_, shuffled);
    EXPECT_EQ(read(root), parts) << count;
    EXPECT_EQ(open(root).count(), count);
    for (const auto& [id, bytes] : objects_) EXPECT_LE(bytes.size(), kMostObjectBytes);
  }
}

TEST_F(CatalogueTreeTest, OnePartIsFoundThroughFewObjects) {
  std::vector<Part> parts = many(60000);
  ChunkId root = write_catalogue(put_, parts);
  CatalogueReader reader = open(root);
  for (size_t i : {0u, 1u, 777u, 30000u, 59999u}) {
    loads_ = 0;
    EXPECT_EQ(reader.find(parts[i].name), parts[i]);
    EXPECT_LE(loads_, 5u);
    EXPECT_EQ(reader.find(parts[i].name + "x"), std::nullopt);
    std::string between = parts[i].name;
    between[between.size() - 5]++;   // the numbers are even
    EXPECT_EQ(reader.find(between), std::nullopt);
  }
  EXPECT_EQ(reader.find(""), std::nullopt);
  EXPECT_EQ(reader.find("zzz"), std::nullopt);
}

TEST_F(CatalogueTreeTest, AScanBeginsAnywhere) {
  std::vector<Part> parts = many(3000);
  CatalogueReader reader = open(write_catalogue(put_, parts));
  for (size_t i = 0; i < parts.size(); i += 53)
    for (std::string begin : {parts[i].name, parts[i].name.substr(0, parts[i].name.size() - 4)}) {
      size_t at = i;
      reader.scan(begin, [&](const Part& part) {
        EXPECT_EQ(part, parts[at]) << begin;
        return ++at < std::min(parts.size(), i + 40);
      });
      EXPECT_EQ(at, std::min(parts.size(), i + 40));
    }
  reader.seek("zzz");
  EXPECT_EQ(reader.next(), nullptr);
  reader.seek("");
  EXPECT_EQ(reader.next()->name, parts[0].name);
}

TEST_F(CatalogueTreeTest, PartsAreFoundByNumber) {
  std::vector<Part> parts = many(3000);
  CatalogueReader reader = open(write_catalogue(put_, parts));
  for (size_t i = 0; i < parts.size(); i += 41) {
    const size_t number = i * 7 % parts.size();
    reader.seek_number(number);
    for (size_t at = number; at < std::min(parts.size(), number + 300); ++at) {
      EXPECT_EQ(reader.number(), at);
      EXPECT_EQ(*reader.next(), parts[at]);
    }
    reader.seek(parts[number].name);
    EXPECT_EQ(reader.number(), number);
  }
  for (uint64_t beyond : {uint64_t{3000}, UINT64_MAX}) {
    reader.seek_number(beyond);
    EXPECT_EQ(reader.next(), nullptr);
    EXPECT_EQ(reader.number(), reader.count());
  }
}

TEST_F(CatalogueTreeTest, OnePartMoreSharesNearlyAllObjects) {
  std::vector<Part> parts = many(20000);
  write_catalogue(put_, parts);
  size_t before = objects_.size();
  EXPECT_GT(before, 500u);
  Part more = parts[10000];
  more.name = "db/public/" + std::to_string(1'000'000 + 20001) + ".sql";
  more.extents = {{parts[10000].extents.back().offset_bytes + parts[10000].extents.back().length_bytes, 0}};
  parts.push_back(more);
  write_catalogue(put_, parts);
  EXPECT_LE(objects_.size() - before, 8u);
}

TEST_F(CatalogueTreeTest, WhatDoesNotFitIsRefusedByTheWriter) {
  Part part{"a", "k", {}, std::vector<Extent>(150'000, {0, 1}), {{"wants", std::string(900'000, 'w')}}};
  EXPECT_TRUE(CatalogueWriter::holds(part));
  EXPECT_EQ(read(write_catalogue(put_, {part})), std::vector<Part>{part});
  part.extents.resize(300'000);
  EXPECT_FALSE(CatalogueWriter::holds(part));
  EXPECT_EQ(code_of([&] { write_catalogue(put_, {part}); }), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(CatalogueWriter::holds({"a/../b", "k", {}, {}, {}}));
  EXPECT_FALSE(CatalogueWriter::holds({"a", std::string(256, 'k'), {}, {}, {}}));
  EXPECT_EQ(code_of([&] { write_catalogue(put_, {{"a", "", {}, {}, {}}, {"a", "", {}, {}, {}}}); }), ErrorCode::kInvalidArgument);
}

TEST_F(CatalogueTreeTest, ExtentsBeyondTheContentAreRefused) {
  ChunkId root = write_catalogue(put_, {{"a", "k", {}, {{90, 10}}, {}}});
  EXPECT_EQ(read(root, 100).size(), 1u);
  EXPECT_EQ(code_of([&] { read(root, 99); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { read(root, 5); }), ErrorCode::kCorrupt);
}

TEST_F(CatalogueTreeTest, BranchesThatLieAreRefused) {
  uint64_t end = 0;
  ChunkId a = put(encode_catalogue_leaf(std::vector<Part>{{"a", "", {}, {{0, 7}}, {}}, {"m", "", {}, {}, {}}}, 0, end));
  ChunkId b = put(encode_catalogue_leaf(std::vector<Part>{{"n", "", {}, {{7, 7}}, {}}}, 7, end));
  ChunkId empty = put(encode_catalogue_leaf({}, 0, end));
  auto reading = [&](const std::vector<CatalogueChild>& children) { return code_reading(put(encode_catalogue_branch(children))); };
  EXPECT_EQ(reading({{a, 2, 7, "a"}, {b, 1, 7, "n"}}), std::nullopt);
  EXPECT_EQ(reading({{a, 3, 7, "a"}, {b, 1, 7, "n"}}), ErrorCode::kCorrupt);
  EXPECT_EQ(reading({{a, 2, 8, "a"}, {b, 1, 7, "n"}}), ErrorCode::kCorrupt);
  EXPECT_EQ(reading({{a, 2, 7, "a"}, {b, 1, 7, "o"}}), ErrorCode::kCorrupt);
  EXPECT_EQ(reading({{a, 2, 7, "a"}, {empty, 0, 0, "n"}}), ErrorCode::kCorrupt);
  ChunkId c = put(encode_catalogue_leaf(std::vector<Part>{{"l", "", {}, {}, {}}}, 7, end));   // a ends with "m"
  EXPECT_EQ(reading({{a, 2, 7, "a"}, {c, 1, 0, "l"}}), ErrorCode::kCorrupt);
  ChunkId below = put(encode_catalogue_branch(std::vector<CatalogueChild>{{a, 2, 7, "a"}, {b, 1, 7, "n"}}));
  EXPECT_EQ(reading({{below, 3, 14, "a"}}), std::nullopt);
  EXPECT_EQ(reading({{below, 3, 13, "a"}}), ErrorCode::kCorrupt);
  EXPECT_EQ(reading({{below, 2, 14, "a"}}), ErrorCode::kCorrupt);
}

TEST_F(CatalogueTreeTest, BranchesWithoutEndAndOtherObjectsAreRefused) {
  ChunkId own{{42}};
  objects_[own] = encode_catalogue_branch(std::vector<CatalogueChild>{{own, 1, 1, "a"}});
  EXPECT_EQ(code_reading(own), ErrorCode::kCorrupt);
  EXPECT_EQ(code_reading(put(encode_directory_leaf({}))), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
