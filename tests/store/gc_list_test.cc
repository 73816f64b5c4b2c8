#include "store/gc/gc_list.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class GcListTest : public testing::Test {
 protected:
  Keyring keys_ = make_keyring(random_id<RepositoryId>(), 1);
  MemoryBackend memory_;
  void put_list(uint64_t generation, const Keyring& keys) {
    GcList list;
    list.generation = generation;
    list.created_ns = 5;
    list.condemned = {{PackId{{1}}, 3}, {PackId{{2}}, 7}};
    list.barred_authors = {ClientId{{3}}};
    put(memory_, gc_list_name(generation), list.encode(keys));
  }
};

TEST_F(GcListTest, TheNewestComesBack) {
  EXPECT_FALSE(newest_gc_list(memory_, keys_));
  for (uint64_t generation : {1u, 9u, 0x10u, 0xffu}) put_list(generation, keys_);
  memory_.replace("gc/readme", {1});
  auto list = newest_gc_list(memory_, keys_);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->generation, 0xffu);
  EXPECT_EQ(list->condemned, (Condemned{{PackId{{1}}, 3}, {PackId{{2}}, 7}}));
  EXPECT_EQ(list->barred_authors, std::vector<ClientId>{ClientId{{3}}});
}

TEST_F(GcListTest, ANewestThatCannotBeReadIsAnError) {
  put_list(1, keys_);
  memory_.replace(gc_list_name(2), noise(300, 1));
  EXPECT_EQ(code_of([&] { newest_gc_list(memory_, keys_); }), ErrorCode::kCorrupt);
}

TEST_F(GcListTest, AListUnderAnotherNumberIsRefused) {
  put_list(1, keys_);
  memory_.replace(gc_list_name(2), memory_.snapshot().at(gc_list_name(1)));
  EXPECT_EQ(code_of([&] { newest_gc_list(memory_, keys_); }), ErrorCode::kCorrupt);
}

// A writer knows the gc key and may sign files; what it can't do is sign for the owner.
TEST_F(GcListTest, AWriterCannotMakeOne) {
  Keyring writer = Keyring::decode(keys_.encode(), keys_.repository, "copy");
  writer.maintenance_seed.reset();
  EXPECT_EQ(code_of([&] { put_list(1, writer); }), ErrorCode::kWrongKey);
  writer.maintenance_seed = Secret::random();
  put_list(1, writer);
  EXPECT_EQ(code_of([&] { newest_gc_list(memory_, keys_); }), ErrorCode::kCorrupt);
}

TEST_F(GcListTest, CompanionsAreNoGenerationsAndNotTakenForLists) {
  put_list(1, keys_);
  for (auto kind : {GcList::Kind::kRevoked, GcList::Kind::kAccepted}) {
    GcList list;
    list.kind = kind;
    list.generation = 2;
    if (kind == GcList::Kind::kRevoked) list.revoked = {LeaseId{{5}}};
    else list.accepted = {SnapshotId{{6}}};
    Bytes file = list.encode(keys_);
    put(memory_, gc_list_name(2, kind), file);
    EXPECT_EQ(GcList::decode(file, kind, 2, keys_).revoked, list.revoked);
    EXPECT_EQ(GcList::decode(file, kind, 2, keys_).accepted, list.accepted);
    for (auto other : {GcList::Kind::kCondemned, GcList::Kind::kRevoked, GcList::Kind::kAccepted})
      EXPECT_EQ(code_of([&] { GcList::decode(file, other, 2, keys_); }).has_value(), other != kind);
  }
  EXPECT_EQ(newest_gc_list(memory_, keys_)->generation, 1u);
  EXPECT_TRUE(lease_revoked(memory_, keys_, LeaseId{{5}}));
  EXPECT_FALSE(lease_revoked(memory_, keys_, LeaseId{{6}}));
}

TEST(GcListNames, AreSixteenDigitsAndMaybeAKind) {
  EXPECT_EQ(gc_list_name(0xabc), "gc/0000000000000abc");
  EXPECT_EQ(parse_gc_list_name("gc/00000000000000ff")->generation, 255u);
  for (auto kind : {GcList::Kind::kCondemned, GcList::Kind::kRevoked, GcList::Kind::kAccepted})
    EXPECT_EQ(parse_gc_list_name(gc_list_name(UINT64_MAX, kind))->kind, kind);
  for (const char* bad : {"gc/ff", "gc/00000000000000FF", "gc/000000000000000ff", "gc/", "gc", "", "gc/zzzzzzzzzzzzzzzz", "gc/-000000000000001",
                          "gc/00000000000000ff.", "gc/00000000000000ff.other"})
    EXPECT_FALSE(parse_gc_list_name(bad)) << bad;
}

}  // namespace
}  // namespace cairn
