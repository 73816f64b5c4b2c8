#include "ingest/parts/closure.h"

#include "tests/ingest/parts_fixture.h"

namespace cairn {
namespace {

// Catalogues of few parts, in a map.
class ClosureTest : public testing::Test {
 protected:
  void part(const std::string& name, const std::string& preamble, std::vector<Extent> extents,
            std::map<std::string, std::string> properties = {}, const std::string& kind = "table") {
    parts_.push_back({name, kind, Bytes(preamble.begin(), preamble.end()), std::move(extents), std::move(properties)});
  }
  // "text" for a preamble, "[a,b)" for an extent.
  std::string pieces(const std::string& name) {
    std::map<ChunkId, Bytes> objects;
    PutObject put = [&](ByteView bytes) {
      ChunkId id{blake3(bytes)};
      objects[id] = Bytes(bytes.begin(), bytes.end());
      return id;
    };
    ChunkId root = write_catalogue(put, parts_);
    CatalogueReader reader([&](const ChunkId& id) { return Buffer::copy_of(objects.at(id)); }, root, 1'000'000);
    std::string out;
    for (const PartPiece& piece : pieces_with_dependencies(reader, *reader.find(name)))
      out += piece.text.empty() ? "[" + std::to_string(piece.extent.offset_bytes) + "," +
                                      std::to_string(piece.extent.offset_bytes + piece.extent.length_bytes) + ")"
                                : std::string(text(piece.text));
    return out;
  }
  std::vector<Part> parts_;
};

TEST_F(ClosureTest, WhatIsWantedComesOnceInTheOrderOfTheStream) {
  part("a", "SET 1;\nA;\n", {{100, 10}, {300, 5}}, {{"wants", "b\nc"}});
  part("b", "SET 1;\nB;\n", {{50, 10}}, {{"wants", "c"}});
  part("c", "SET 1;\nC", {{60, 10}, {105, 10}}, {{"wants", "a"}});   // a circle
  part("d", "D\n", {{0, 10}});
  EXPECT_EQ(pieces("a"), "SET 1;\nA;\nB;\nC\n[50,70)[100,115)[300,305)");
  EXPECT_EQ(pieces("d"), "D\n[0,10)");
}

TEST_F(ClosureTest, LinksComeWhenAllTheyNeedIsThere) {
  part("a", "", {{0, 1}}, {{"wants", "b"}, {"links", ".links/ab\n.links/ac\n.links/gone\nb"}});
  part("b", "", {{10, 1}}, {{"links", ".links/b"}});
  part("c", "", {{20, 1}});
  part(".links/ab", "", {{30, 1}}, {{"needs", "a\nb"}}, "link");
  part(".links/ac", "", {{40, 1}}, {{"needs", "a\nc"}}, "link");
  part(".links/b", "", {{50, 1}}, {{"needs", "b"}}, "link");
  EXPECT_EQ(pieces("a"), "[0,1)[10,11)[30,31)[50,51)");
  EXPECT_EQ(pieces("b"), "[10,11)[50,51)");
}

TEST_F(ClosureTest, RemarksOfWhatWasLeftOutGo) {
  part("a", "-- left out: x needs b\n-- … and 7 more\nSET;\n\n\n", {}, {{"wants", "b"}});
  part("b", "-- left out: y\n\nB\n", {{1, 1}});
  EXPECT_EQ(pieces("a"), "SET;\n\nB\n[1,2)");
}

TEST_F(ClosureTest, WhatTheDumpDidNotHoldIsPassedOver) {
  part("a", "A\n", {}, {{"wants", "gone\nalso/gone\n\n../odd"}, {"links", "none"}});
  EXPECT_EQ(pieces("a"), "A\n");
}

// Overlapping extents (a schema wants what its own text holds): every byte once.
TEST_F(ClosureTest, OverlapsAreWrittenOnce) {
  part("a", "", {{10, 50}, {5, 10}, {60, 0}, {60, 5}, {70, 1}}, {{"wants", "b"}});
  part("b", "", {{20, 10}, {71, 9}});
  EXPECT_EQ(pieces("a"), "[5,65)[70,80)");
}

}  // namespace
}  // namespace cairn
