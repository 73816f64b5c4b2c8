#include "store/format.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class HeaderTest : public testing::Test {
 protected:
  Header header_{kFormatVersion, ObjectType::kSegment, Suite::kAes256Gcm, random_id<RepositoryId>(), random_id<SegmentId>().bytes};
  std::optional<ErrorCode> decode_with(size_t at, uint8_t value) {
    Bytes file = header_.encode();
    file[at] = value;
    return code_of([&] { Header::decode(file, ObjectType::kSegment, "f", header_.repository, header_.object_id); });
  }
};

TEST_F(HeaderTest, ComesBackFromItsEightyBytes) {
  Bytes bytes = header_.encode();
  ASSERT_EQ(bytes.size(), kHeaderBytes);
  EXPECT_EQ(text(ByteView(bytes).first(8)), kMagic);
  Header again = Header::decode(bytes, ObjectType::kSegment, "f", header_.repository, header_.object_id);
  EXPECT_EQ(again.encode(), bytes);
  EXPECT_EQ(again.suite, Suite::kAes256Gcm);
}

TEST_F(HeaderTest, ANewerVersionIsUnsupportedAndVersionZeroIsCorrupt) {
  EXPECT_EQ(decode_with(8, kFormatVersion + 1), ErrorCode::kUnsupported);
  EXPECT_EQ(decode_with(9, 1), ErrorCode::kUnsupported);
  EXPECT_EQ(decode_with(8, 0), ErrorCode::kCorrupt);
}

TEST_F(HeaderTest, EveryOtherChangeIsRefused) {
  Bytes good = header_.encode();
  for (size_t at = 0; at < kHeaderBytes; ++at) {
    if (at == 11) continue;   // the suite: bound by whatever the file seals
    EXPECT_TRUE(decode_with(at, static_cast<uint8_t>(good[at] ^ 0x80))) << at;
  }
  EXPECT_EQ(decode_with(10, static_cast<uint8_t>(ObjectType::kLease)), ErrorCode::kCorrupt);
  EXPECT_EQ(decode_with(11, 3), ErrorCode::kUnsupported);
  EXPECT_EQ(decode_with(12, 1), ErrorCode::kCorrupt);
}

TEST_F(HeaderTest, AShortFileIsCorrupt) {
  Bytes good = header_.encode();
  for (size_t size = 0; size < kHeaderBytes; ++size)
    EXPECT_EQ(code_of([&] { Header::decode(ByteView(good).first(size), ObjectType::kSegment, "f"); }), ErrorCode::kCorrupt);
}

TEST(Trailer, NoticesEveryFlipAndEveryTruncation) {
  Bytes file = noise(200, 1);
  append_trailer(file);
  EXPECT_EQ(check_trailer(file, "f").size(), 200u);
  for (size_t at = 0; at < file.size(); ++at) {
    Bytes bad = file;
    bad[at] ^= 4;
    EXPECT_EQ(code_of([&] { check_trailer(bad, "f"); }), ErrorCode::kCorrupt);
    EXPECT_EQ(code_of([&] { check_trailer(ByteView(file).first(at), "f"); }), ErrorCode::kCorrupt);
  }
}

TEST(Names, AreThoseOfTheFormatAndGiveTheirIdsBack) {
  auto pack = random_id<PackId>();
  EXPECT_EQ(pack_name(pack), "packs/" + pack.hex().substr(0, 2) + "/" + pack.hex());
  EXPECT_EQ(id_in_name<PackId>(pack_name(pack)), pack);
  EXPECT_EQ(segment_name(SegmentId{}), "index/" + std::string(64, '0'));
  EXPECT_EQ(snapshot_name(SnapshotId{}), "snapshots/" + std::string(64, '0'));
  EXPECT_EQ(slot_name(SlotId{}), "keys/" + std::string(64, '0'));
  EXPECT_EQ(lease_name(LeaseId{}, 7), "leases/" + std::string(64, '0') + ".7");
  EXPECT_EQ(id_in_name<PackId>("packs/00/readme"), std::nullopt);
  for (const std::string& name : {pack_name(pack), segment_name({}), lease_name(LeaseId{}, 4000000000u)}) EXPECT_TRUE(valid_name(name));
}

TEST(Ids, AreLowerCaseHexadecimalOfTheirLength) {
  auto id = random_id<ChunkId>();
  EXPECT_EQ(ChunkId::parse(id.hex()), id);
  std::string upper = std::string(62, '0') + "AB";
  for (const std::string& bad : {std::string(), std::string(63, '0'), std::string(65, '0'), std::string(66, '0'), upper, std::string(64, 'g')})
    EXPECT_EQ(ChunkId::parse(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace cairn
