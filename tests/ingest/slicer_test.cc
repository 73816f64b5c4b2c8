#include "ingest/backup/slicer.h"

#include <gtest/gtest.h>

#include "tests/ingest/tree_facts.h"

namespace cairn {
namespace {

// Runs of data and holes, given out in small reads that stop at each hole.
class Script : public ByteSource {
 public:
  struct Part {
    std::string data;
    uint64_t hole_bytes = 0;  // instead of data
  };
  Script(std::vector<Part> parts, size_t most_read) : parts_(std::move(parts)), most_read_(most_read) {}
  uint64_t skip_hole() override {
    if (at_ == parts_.size() || parts_[at_].hole_bytes == 0) return 0;
    return parts_[at_++].hole_bytes;
  }
  size_t read(std::span<uint8_t> into) override {
    if (at_ == parts_.size()) return 0;
    std::string& data = parts_[at_].data;
    size_t got = std::min({into.size(), most_read_, data.size()});
    std::memcpy(into.data(), data.data(), got);
    data.erase(0, got);
    if (data.empty()) ++at_;
    return got;
  }

 private:
  std::vector<Part> parts_;
  size_t most_read_, at_ = 0;
};

ChunkerParams params() {
  std::array<uint64_t, 256> table;
  for (size_t i = 0; i < table.size(); ++i) table[i] = (i + 1) * 0x9e3779b97f4a7c15;
  return ChunkerParams(table, {});
}

struct Sliced {
  std::string bytes;          // of all slices
  std::vector<Run> runs;
  std::string lengths() const {
    std::string text;
    for (const Run& run : runs) text += (run.hole ? "h" : "") + std::to_string(run.length_bytes) + " ";
    return text;
  }
};

Sliced slice_all(std::vector<Script::Part> parts, size_t most_read) {
  const ChunkerParams chunks = params();
  Script source(std::move(parts), most_read);
  Slicer slicer(chunks, ChunkSize::kNormal, source);
  Sliced out;
  for (bool last = false; !last;) {
    Slice slice = slicer.next();
    last = slice.last;
    uint64_t data_bytes = 0;
    for (const Run& run : slice.runs) data_bytes += run.hole ? 0 : run.length_bytes;
    EXPECT_EQ(data_bytes, slice.bytes.size()) << "a slice is whole chunks";
    EXPECT_LE(slice.bytes.size(), (1u << 20) + chunks.max_bytes(ChunkSize::kNormal));
    out.bytes += text(slice.bytes);
    out.runs.insert(out.runs.end(), slice.runs.begin(), slice.runs.end());
  }
  return out;
}

TEST(Slicer, CutsAlikeHoweverTheBytesCome) {
  const std::string bytes = noise(5'000'000, 1);
  Sliced whole = slice_all({{bytes}}, SIZE_MAX), pieces = slice_all({{bytes}}, 4097);
  EXPECT_TRUE(whole.bytes == bytes);
  EXPECT_TRUE(pieces.bytes == bytes);
  EXPECT_EQ(whole.lengths(), pieces.lengths());
  EXPECT_GT(whole.runs.size(), 20u);
}

TEST(Slicer, EndsAChunkAtEveryHole) {
  const std::string a = noise(700'000, 1), b = noise(10, 2);
  Sliced sliced = slice_all({{"", 5}, {a}, {"", uint64_t{1} << 40}, {"", 7}, {b}, {"", 1}}, 1000);
  EXPECT_TRUE(sliced.bytes == a + b);
  std::string lengths = sliced.lengths();
  EXPECT_TRUE(lengths.starts_with("h5 ")) << lengths;
  EXPECT_TRUE(lengths.ends_with("h1099511627776 h7 10 h1 ")) << lengths;
  EXPECT_EQ("h5 " + slice_all({{a}}, 999).lengths() + "h1099511627776 h7 10 h1 ", lengths) << "a hole changes no cut of its neighbours";
}

TEST(Slicer, OfNothingIsOneEmptySlice) {
  EXPECT_EQ(slice_all({}, 10).lengths(), "");
  EXPECT_EQ(slice_all({{"", 9}}, 10).lengths(), "h9 ");
  EXPECT_EQ(slice_all({{std::string(1, 'x')}}, 10).lengths(), "1 ");
}

}  // namespace
}  // namespace cairn
