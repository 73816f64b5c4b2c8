#include "ingest/parts/part_output.h"

#include "tests/ingest/parts_fixture.h"

namespace cairn {
namespace {

class PartOutputTest : public PartsTest {
 protected:
  Content content_of_component(const Manifest& m) {
    ChunkReader reader(memory_, repository().keys(), repository().index(), 1 << 20);
    return find_path(reader.object_source(), m.root, "db")->content;
  }
};

TEST_F(PartOutputTest, PiecesComeInOrderWhateverTheirSizes) {
  std::mt19937_64 random(1);
  while (stream_.size() < (12 << 20)) stream_ += std::to_string(random()) + "\n";
  Manifest m = commit();
  Content content = content_of_component(m);
  for (size_t threads : {1u, 3u}) {
    BackupNotes notes;
    PartOutput output(repository(), content, threads, notes);
    for (uint64_t longest : {uint64_t{10}, uint64_t{100'000}, uint64_t{9'000'000}}) {
      std::vector<PartPiece> pieces;
      std::string expected;
      for (int i = 0; i < (longest > 1'000'000 ? 3 : 500); ++i) {
        uint64_t length = random() % longest, offset = random() % (stream_.size() - length);
        if (i % 3 == 0) pieces.push_back({bytes("piece " + std::to_string(i)), {}});
        else pieces.push_back({{}, {offset, length}});
        expected += i % 3 == 0 ? "piece " + std::to_string(i) : stream_.substr(offset, length);
      }
      std::string got;
      output.write(pieces, [&](ByteView run) { got += text(run); });
      EXPECT_TRUE(got == expected) << longest;
    }
    std::string all;
    EXPECT_EQ(output.write_all([&](ByteView run) { all += text(run); }), stream_.size());
    EXPECT_TRUE(all == stream_);
    PartPiece beyond{{}, {stream_.size() - 5, 6}};
    EXPECT_EQ(code_thrown_by([&] { output.write({&beyond, 1}, [](ByteView) {}); }), ErrorCode::kCorrupt);
    beyond.extent = {1, UINT64_MAX};
    EXPECT_EQ(code_thrown_by([&] { output.write({&beyond, 1}, [](ByteView) {}); }), ErrorCode::kCorrupt);
    output.write({}, [](ByteView) { ADD_FAILURE(); });
  }
}

TEST_F(PartOutputTest, AnInterruptionEndsIt) {
  stream_.assign(8 << 20, 'x');
  Manifest m = commit();
  Content content = content_of_component(m);
  BackupNotes notes;
  notes.on_check_ = [](uint64_t number) {
    if (number > 1) throw Error(ErrorCode::kInterrupted, "stop");
  };
  PartOutput output(repository(), content, 2, notes);
  EXPECT_EQ(code_thrown_by([&] { output.write_all([](ByteView) {}); }), ErrorCode::kInterrupted);
}

}  // namespace
}  // namespace cairn
