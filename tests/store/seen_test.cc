#include "store/seen/seen.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class SeenTest : public testing::Test {
 protected:
  SeenTest() {
    accept(seen_, keys_, {});
    seen_.generation = 3;
    add(seen_, {{SnapshotId{{2}}, 7, 20, false}, {SnapshotId{{1}}, 6, 10, false}});
  }
  std::vector<std::string> files(const ShownState& shown) {
    std::vector<std::string> out;
    for (const Rollback& rollback : compare(seen_, keys_, shown, [&]() -> const Notes& { return notes_; })) out.push_back(rollback.file);
    return out;
  }
  Keyring keys_ = make_keyring(RepositoryId{{1}}, 1);
  Notes notes_;
  Seen seen_;
  const ShownState both_{3, {SnapshotId{{1}}, SnapshotId{{2}}}};
};

TEST_F(SeenTest, ComesBackAndWhatWasExchangedCountsAsNone) {
  const Bytes file = seen_.encode(keys_);
  EXPECT_EQ(Seen::decode(file, keys_), seen_);
  for (size_t at = 0; at < file.size(); at += 5) {
    Bytes bad = file;
    bad[at] ^= 1;
    EXPECT_FALSE(Seen::decode(bad, keys_)) << at;
    EXPECT_FALSE(Seen::decode(ByteView(file).first(at), keys_)) << at;
  }
  EXPECT_FALSE(Seen::decode(file, make_keyring(RepositoryId{{1}}, 1)));
}

TEST_F(SeenTest, TheSameOrANewerStateIsFine) {
  EXPECT_TRUE(files(both_).empty());
  EXPECT_TRUE(files({9, {SnapshotId{{1}}, SnapshotId{{2}}, SnapshotId{{3}}}}).empty());
}

TEST_F(SeenTest, TellsWhatIsMissing) {
  EXPECT_EQ(files({3, {SnapshotId{{1}}}}), std::vector{snapshot_name(SnapshotId{{2}})});
  EXPECT_EQ(files({2, both_.snapshots}), std::vector<std::string>{"gc/0000000000000003"});
  seen_.box_public[0] ^= 1;
  EXPECT_EQ(files(both_), std::vector<std::string>{"config"});
}

TEST_F(SeenTest, WhatAnOwnerForgotIsNotMissingUnlessItComesBack) {
  MemoryBackend memory;
  Statement s;
  s.snapshot = SnapshotId{{2}};
  put_note(memory, keys_, {s});
  notes_ = Notes::load(memory, keys_);
  const ShownState one{3, {SnapshotId{{1}}}};
  EXPECT_TRUE(files(one).empty());
  EXPECT_TRUE(seen_.find(SnapshotId{{2}})->gone);
  notes_ = {};   // once known, nobody asks again
  EXPECT_TRUE(files(one).empty());
  EXPECT_EQ(files(both_), std::vector{snapshot_name(SnapshotId{{2}})});
  accept(seen_, keys_, both_);
  EXPECT_TRUE(files(both_).empty());
  EXPECT_EQ(files(one).size(), 1u);
}

TEST_F(SeenTest, AcceptingForgetsWhatIsMissing) {
  accept(seen_, keys_, {1, {SnapshotId{{1}}}});
  EXPECT_TRUE(files({1, {SnapshotId{{1}}}}).empty());
  EXPECT_FALSE(seen_.find(SnapshotId{{2}}));
}

TEST_F(SeenTest, KeepsTheNewestOfTooMany) {
  std::vector<SeenSnapshot> many;
  for (uint32_t i = 0; i < kMostSeenSnapshots + 5; ++i) {
    SnapshotId id;
    std::memcpy(id.bytes.data(), &i, sizeof i);
    id.bytes[20] = 1;
    many.push_back({id, i, 1000 + static_cast<int64_t>(i), false});
  }
  add(seen_, many);
  EXPECT_EQ(seen_.snapshots.size(), kMostSeenSnapshots);
  EXPECT_FALSE(seen_.find(SnapshotId{{1}}));
  EXPECT_FALSE(seen_.find(many[4].id));
  EXPECT_EQ(*seen_.find(many[5].id), many[5]);
  EXPECT_EQ(*seen_.find(many.back().id), many.back());
}

}  // namespace
}  // namespace cairn
