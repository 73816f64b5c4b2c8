#include "ingest/diff/content_diff.h"

#include <random>

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

// Two streams of one snapshot, and places in them.
class ContentDiffTest : public BackupTest {
 protected:
  void save(const std::string& a, const std::string& b) {
    write_file(dir_ / "a", a);
    write_file(dir_ / "b", b);
    options_.format = StreamFormat::kRaw;
    const Manifest m = back_up({shell("a", "cat '" + (dir_ / "a") + "'"), shell("b", "cat '" + (dir_ / "b") + "'")}).manifest;
    std::map<std::string, Entry> entries = entries_of(m);
    a_ = entries["a"].content;
    b_ = entries["b"].content;
    reader_.emplace(repository().backend(), repository().keys(), repository().index(), 4 << 20);
  }
  Content a_, b_;
  std::optional<ChunkReader> reader_;
};

TEST_F(ContentDiffTest, SaysForAnyTwoPlacesWhatTheirBytesSay) {
  const std::string noise_a = noise_text(700'000, 1);
  std::string b = noise_text(3'000, 2) + noise_a;
  std::mt19937_64 random(3);
  for (int i = 0; i < 40; ++i) b[random() % b.size()] ^= 1;
  const std::string zeros(200'000, '\0'), a = noise_a + zeros + noise_text(10'000, 4);
  b += zeros + noise_text(10'000, 4);
  save(a, b);
  ContentComparer compare(*reader_, a_, b_);
  size_t equal = 0;
  for (int i = 0; i < 3'000; ++i) {
    const uint64_t length = random() % 5'000, at = random() % (a.size() - length), shifted = at + (i % 2 ? 3'000 : random() % 3'000);
    const Extent of_a{at, length}, of_b{shifted, length};
    const bool expected = a.substr(at, length) == b.substr(shifted, length);
    ASSERT_EQ(compare.equal({&of_a, 1}, {&of_b, 1}), expected) << at << " " << shifted << " " << length;
    equal += expected;
  }
  EXPECT_GT(equal, 300u);
  EXPECT_LT(equal, 2'700u);
}

TEST_F(ContentDiffTest, OfSeveralExtentsAndOfShortContentsToo) {
  save("0123456789", "xx0123456789");
  ContentComparer compare(*reader_, a_, b_);
  const std::vector<Extent> pieces = {{0, 4}, {4, 3}}, whole = {{2, 7}}, other = {{3, 7}}, longer = {{2, 8}};
  EXPECT_TRUE(compare.equal(pieces, whole));
  EXPECT_FALSE(compare.equal(pieces, other));
  EXPECT_FALSE(compare.equal(pieces, longer));
  EXPECT_TRUE(compare.equal({}, {}));
}

TEST_F(ContentDiffTest, APlaceBeyondTheEndIsAnError) {
  save(noise_text(100'000, 5), noise_text(100'000, 5));
  ContentComparer compare(*reader_, a_, b_);
  const Extent beyond{99'999, 2};
  EXPECT_THROW(compare.equal({&beyond, 1}, {&beyond, 1}), Error);
}

}  // namespace
}  // namespace cairn
