#include "store/repair/repair_index.h"

#include "store/repair/condemn.h"
#include "tests/store/repair_fixture.h"

namespace cairn {
namespace {

class RepairIndexTest : public RepairTest {
 protected:
  RepairIndexReport repair(bool remove = false, bool dry_run = false) {
    Repository repository = open_fresh();
    return repair_index(repository, {remove, dry_run, 2}, progress_);
  }
  // Packs that a new index finds without a segment.
  size_t unnamed_packs() { return open_fresh().index().adopted().size(); }
  std::vector<PackInfo> decode(const std::string& name) {
    Repository repository = open();
    return decode_segment(files().at(name), *id_in_name<SegmentId>(name), repository.keys());
  }
  // A segment that says this, in place of all that name the same packs.
  std::string put_segment(const std::vector<PackInfo>& packs) {
    auto id = random_id<SegmentId>();
    Repository repository = open();
    memory.replace(segment_name(id), encode_segment(id, repository.keys(), packs));
    return segment_name(id);
  }
};

TEST_F(RepairIndexTest, AWholeIndexIsLeftAlone) {
  auto before = files();
  RepairIndexReport report = repair(true);
  EXPECT_TRUE(report.segments.empty());
  EXPECT_EQ(report.segments_written, 0u);
  EXPECT_EQ(report.packs_listed, names("packs/").size());
  EXPECT_EQ(files(), before);
}

TEST_F(RepairIndexTest, PacksWithoutASegmentGetOne) {
  for (const std::string& name : names("index/")) memory.remove(name);
  auto before = files();
  RepairIndexReport dry = repair(false, true);
  EXPECT_EQ(files(), before);
  RepairIndexReport report = repair();
  EXPECT_EQ(report.packs_added, names("packs/").size());
  EXPECT_EQ(std::tuple(dry.packs_added, dry.chunks_added, dry.segments_written), std::tuple(report.packs_added, report.chunks_added, 1u));
  EXPECT_EQ(names("index/").size(), 1u);
  EXPECT_TRUE(names("leases/").empty());
  EXPECT_EQ(unnamed_packs(), 0u);
  EXPECT_EQ(good_files(), all_files());
  EXPECT_TRUE(check_fresh().damage.empty());
}

TEST_F(RepairIndexTest, AnUnreadableSegmentIsReplacedAndRemovedOnlyWhenAsked) {
  std::string broken = names("index/")[0];
  flip(broken, 200);
  RepairIndexReport report = repair();
  ASSERT_EQ(report.segments.size(), 1u);
  EXPECT_EQ(report.segments[0].name, broken);
  EXPECT_FALSE(report.segments[0].removed);
  EXPECT_GT(report.packs_added, 0u);
  EXPECT_EQ(unnamed_packs(), 0u);
  EXPECT_EQ(good_files(), all_files());
  report = repair(true);
  EXPECT_EQ(report.packs_added, 0u);
  ASSERT_EQ(report.segments.size(), 1u);
  EXPECT_TRUE(report.segments[0].removed);
  EXPECT_FALSE(files().contains(broken));
  EXPECT_TRUE(check_fresh().damage.empty());
}

// A lie that its author didn't sign, and one that a writer signed: neither stays, and what else the segment says does.
TEST_F(RepairIndexTest, ASegmentThatContradictsAPackIsReplaced) {
  for (bool signed_lie : {false, true}) {
    std::string honest = names("index/")[0];
    auto packs = decode(honest);
    ASSERT_GE(packs.size(), 2u);
    packs[0].chunks[0].id.bytes[7] ^= 1;
    Repository repository = open();
    if (signed_lie) sign_pack(packs[0], repository.keys());
    memory.remove(honest);
    std::string lying = put_segment(packs);
    RepairIndexReport report = repair(true);
    ASSERT_EQ(report.segments.size(), 1u) << signed_lie;
    EXPECT_EQ(report.segments[0].name, lying);
    EXPECT_TRUE(report.segments[0].removed);
    EXPECT_EQ(report.packs_added, packs.size());
    EXPECT_EQ(unnamed_packs(), 0u);
    EXPECT_EQ(good_files(), all_files());
    EXPECT_TRUE(check_fresh().damage.empty());
  }
}

// What only a wrong segment still tells of a pack goes into the new one.
TEST_F(RepairIndexTest, TheRestOfAWrongSegmentIsKept) {
  std::string honest = names("index/")[0];
  auto packs = decode(honest);
  ASSERT_GE(packs.size(), 2u);
  packs[0].chunks[0].id.bytes[7] ^= 1;
  memory.remove(honest);
  put_segment(packs);
  std::string unreadable = pack_name(packs[1].id);
  change(unreadable, [](Bytes& bytes) { bytes[bytes.size() - kPackFooterBytes - 5] ^= 1; });   // its directory
  repair(true);
  EXPECT_EQ(good_files(), all_files());
}

TEST_F(RepairIndexTest, PacksThatNobodyKnowsAnyMoreAreTold) {
  std::string pack = pack_of_type(ObjectType::kDataPack);
  change(pack, [](Bytes& bytes) { bytes[bytes.size() - kPackFooterBytes - 5] ^= 1; });
  for (const std::string& name : names("index/")) memory.remove(name);
  RepairIndexReport report = repair();
  ASSERT_EQ(report.packs.size(), 1u);
  EXPECT_EQ(report.packs[0].name, pack);
  EXPECT_TRUE(files().contains(pack));
}

// A newer cairn may have written it: nobody knows that it is broken.
TEST_F(RepairIndexTest, ASegmentOfANewerFormatIsNeverRemoved) {
  std::string newer = names("index/")[0];
  change(newer, [](Bytes& bytes) {
    bytes[8] = 9;
    bytes.resize(bytes.size() - kTrailerBytes);
    append_trailer(bytes);
  });
  RepairIndexReport report = repair(true);
  ASSERT_EQ(report.segments.size(), 1u);
  EXPECT_FALSE(report.segments[0].replaceable);
  EXPECT_TRUE(files().contains(newer));
  EXPECT_EQ(unnamed_packs(), 0u);
}

TEST_F(RepairIndexTest, CondemnedPacksGetNoNewSegment) {
  PackId condemned = *id_in_name<PackId>(names("packs/")[0]);
  Repository repository = open();
  condemn_packs(memory, repository.keys(), {&condemned, 1});
  for (const std::string& name : names("index/")) memory.remove(name);
  EXPECT_EQ(repair().packs_added, names("packs/").size() - 1);
  flip(gc_list_name(1), 150);   // nobody knows any more what is condemned: that stops nothing
  RepairIndexReport report = repair();
  EXPECT_EQ(report.packs_added, 1u);
  EXPECT_EQ(report.notes.size(), 1u);
}

// Whenever it dies nothing gets worse, and the next run finishes.
TEST_F(RepairIndexTest, DyingAtAnyChangeCostsNothing) {
  flip(names("index/")[0], 200);
  sweep_deaths([&](Repository& repository) { repair_index(repository, {true, false, 1}, progress_); },
               [&](Repository& after, const std::string& when) { EXPECT_EQ(good_files(after), all_files()) << when; });
}

}  // namespace
}  // namespace cairn
