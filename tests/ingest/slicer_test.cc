#include "ingest/backup/slicer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ingest/tree_facts.h"

namespace cairn {
namespace {

// Runs of data and holes, given out in small reads that stop at each hole.
class CutScript : public ByteSource {
 public:
  struct Part {
    std::string data;
    uint64_t hole_bytes = 0;  // instead of data
  };
  CutScript(std::vector<Part> parts, size_t most_read) : parts_(std::move(parts)), most_read_(most_read) {}
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

Sliced slice_all(std::vector<CutScript::Part> parts, size_t most_read) {
  const ChunkerParams chunks = params();
  CutScript source(std::move(parts), most_read);
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
  const std::string bytes = noise_text(5'000'000, 1);
  Sliced whole = slice_all({{bytes}}, SIZE_MAX), pieces = slice_all({{bytes}}, 4097);
  EXPECT_TRUE(whole.bytes == bytes);
  EXPECT_TRUE(pieces.bytes == bytes);
  EXPECT_EQ(whole.lengths(), pieces.lengths());
  EXPECT_GT(whole.runs.size(), 20u);
}

TEST(Slicer, EndsAChunkAtEveryHole) {
  const std::string a = noise_text(700'000, 1), b = noise_text(10, 2);
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

// A stream with marks, which are known only when a line after them has been read, and small reads.
class MarkedSource : public PartedSource {
 public:
  MarkedSource(std::string bytes, std::vector<Mark> marks, size_t most_read, size_t lag)
      : bytes_(std::move(bytes)), marks_(std::move(marks)), most_read_(most_read), lag_(lag) {}
  size_t read(std::span<uint8_t> into) override {
    size_t got = std::min({into.size(), most_read_, bytes_.size() - at_});
    std::memcpy(into.data(), bytes_.data() + at_, got);
    at_ += got;
    ended_ = got == 0;
    return got;
  }
  uint64_t settled() const override { return ended_ ? at_ : at_ - std::min(at_, lag_); }
  void take_marks(std::vector<Mark>& marks) override {
    for (; taken_ < marks_.size() && marks_[taken_].offset_bytes <= settled(); ++taken_) marks.push_back(marks_[taken_]);
  }
  StreamParts parts() override { return {}; }

 private:
  std::string bytes_;
  std::vector<Mark> marks_;
  size_t most_read_, lag_, at_ = 0, taken_ = 0;
  bool ended_ = false;
};

std::vector<size_t> cuts_of(const std::string& bytes, const std::vector<Mark>& marks, size_t most_read = SIZE_MAX, size_t lag = 0) {
  const ChunkerParams chunks = params();
  MarkedSource source(bytes, marks, most_read, lag);
  Slicer slicer(chunks, ChunkSize::kFine, source);
  std::string seen;
  std::vector<size_t> cuts;
  for (bool last = false; !last;) {
    Slice slice = slicer.next();
    last = slice.last;
    size_t at = seen.size();
    for (const Run& run : slice.runs) {
      EXPECT_GT(run.length_bytes, 0u);
      EXPECT_LE(run.length_bytes, chunks.max_bytes(ChunkSize::kFine) + Slicer::kMostShiftBytes);
      cuts.push_back(at += run.length_bytes);
    }
    seen += text(slice.bytes);
    EXPECT_EQ(at, seen.size());
  }
  EXPECT_TRUE(seen == bytes);
  return cuts;
}

std::string lines(size_t count, uint32_t seed) {
  std::string out;
  for (std::string rest = noise_text(count * 40, seed); count-- > 0; out += '\n')
    for (size_t i = 0; i < 20 + count % 60; ++i) out += static_cast<char>('a' + static_cast<uint8_t>(rest[(count * 31 + i) % rest.size()]) % 26);
  return out;
}

bool has(const std::vector<size_t>& cuts, size_t at) { return std::ranges::find(cuts, at) != cuts.end(); }

TEST(Slicer, EndsAChunkAtEveryMark) {
  const std::string bytes = noise_text(3'000'000, 3);
  std::vector<Mark> marks = {{0, false}, {1, false}, {777, false}, {1 << 20, false}, {(1 << 20) + 1, false}, {2'999'999, false}, {3'000'000, false}};
  std::vector<size_t> cuts = cuts_of(bytes, marks);
  for (const Mark& mark : marks)
    EXPECT_TRUE(mark.offset_bytes == 0 || has(cuts, mark.offset_bytes)) << mark.offset_bytes;
}

TEST(Slicer, CutsAlikeHoweverMarkedBytesCome) {
  const std::string bytes = noise_text(100'000, 4) + lines(40'000, 5) + noise_text(100'000, 6);
  std::vector<Mark> marks = {{100'000, true}, {bytes.size() - 100'000, false}};
  std::vector<size_t> whole = cuts_of(bytes, marks);
  EXPECT_GT(whole.size(), 60u);
  EXPECT_EQ(whole, cuts_of(bytes, marks, 4096, 0));
  EXPECT_EQ(whole, cuts_of(bytes, marks, 65'536, 64 << 10));
  EXPECT_EQ(whole, cuts_of(bytes, marks, 999, 5'000));
}

TEST(Slicer, CutsAmongRecordsAreAtTheirBegins) {
  const std::string before = noise_text(50'000, 7), rows = lines(50'000, 8), after = noise_text(50'000, 9);
  std::vector<Mark> marks = {{before.size(), true}, {before.size() + rows.size(), false}};
  const std::string all = before + rows + after;
  size_t among = 0;
  for (size_t cut : cuts_of(all, marks)) {
    if (cut <= before.size() || cut > before.size() + rows.size()) continue;
    EXPECT_EQ(all[cut - 1], '\n') << cut;
    ++among;
  }
  EXPECT_GT(among, 50u);
}

TEST(Slicer, RecordsMakeTheSameChunksWhateverStandsAroundThem) {
  const std::string rows = lines(30'000, 10);
  auto chunks_among = [&](const std::string& before) {
    std::vector<size_t> out;
    for (size_t cut : cuts_of(before + rows, {{before.size(), true}})) if (cut > before.size()) out.push_back(cut - before.size());
    return out;
  };
  EXPECT_EQ(chunks_among(noise_text(12'345, 11)), chunks_among(noise_text(2'000'001, 12)));
}

TEST(Slicer, CutsMoveToTheBeginsOfItemsWhichCutNothingThemselves) {
  const std::string bytes = noise_text(2'000'000, 13);
  std::vector<Mark> items;
  for (size_t at = 500; at < bytes.size(); at += 20 + at % 900) items.push_back({at, false, true});
  const std::vector<size_t> cuts = cuts_of(bytes, items), without = cuts_of(bytes, {});
  EXPECT_EQ(cuts.size(), without.size());
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    auto item = std::ranges::lower_bound(items, without[i], {}, [](const Mark& mark) { return mark.offset_bytes; });
    EXPECT_EQ(cuts[i], item->offset_bytes);
  }
  EXPECT_EQ(cuts, cuts_of(bytes, items, 999, 5'000));
}

TEST(Slicer, ItemsFarAwayMoveNothing) {
  const std::string bytes = noise_text(1'000'000, 14);
  EXPECT_EQ(cuts_of(bytes, {{10, false, true}, {999'990, false, true}}), cuts_of(bytes, {}));
}

TEST(Slicer, ACutBeforeAnItemStopsAtTheNextMark) {
  const std::string bytes = noise_text(1'000'000, 15);
  const std::vector<size_t> plain = cuts_of(bytes, {});
  const std::vector<Mark> marks = {{plain[3] + 100, false}, {plain[3] + 200, false, true}};
  EXPECT_TRUE(has(cuts_of(bytes, marks), plain[3]));
  EXPECT_TRUE(has(cuts_of(bytes, marks), plain[3] + 100));
}

TEST(Slicer, ARecordWithoutEndIsCutAnyway) {
  const std::string bytes = noise_text(10, 1) + "\n" + std::string(300'000, 'x') + "\n" + lines(2'000, 2);
  EXPECT_EQ(cuts_of(bytes, {{11, true}}), cuts_of(bytes, {{11, true}}, 100, 50));
}

}  // namespace
}  // namespace cairn
