#include "store/notes/notes.h"

#include "store/notes/snapshot_list.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class ForgettingTest : public StoreTest {
 protected:
  ForgettingTest() {
    for (int64_t i = 1; i <= 3; ++i) made_.push_back(back_up(repository_, {{"f", noise(10, static_cast<uint64_t>(i))}}, i));
  }
  std::vector<SnapshotId> shown() {
    std::vector<SnapshotId> out;
    for (const Manifest& m : repository_.snapshots()) out.push_back(m.id);
    return out;
  }
  Repository repository_ = open();
  std::vector<Manifest> made_;
};

TEST_F(ForgettingTest, NotesItAndRemovesTheFile) {
  const Bytes file = memory.snapshot().at(snapshot_name(made_[0].id));
  const SnapshotId gone[] = {made_[0].id, made_[0].id};
  forget_snapshots(repository_, gone, {{made_[0].id, made_[2].id}});
  EXPECT_EQ(shown(), (std::vector{made_[1].id, made_[2].id}));
  EXPECT_EQ(names("snapshots/").size(), 2u);
  const Notes notes = Notes::load(memory, repository_.keys());
  ASSERT_EQ(notes.all().size(), 1u);
  EXPECT_EQ(notes.all()[0].witness, witness_of(repository_.keys().repository, made_[0].id, file));
  EXPECT_EQ(notes.all()[0].replaced_by, made_[2].id);
  forget_snapshots(repository_, gone);   // again: nothing more
  EXPECT_EQ(names("notes/").size(), 1u);
  EXPECT_TRUE(check_all(repository_).damage.empty()) << describe(check_all(repository_));
}

TEST_F(ForgettingTest, WhatAnInterruptedOneLeftIsNotShownAndFinishedByTheNext) {
  const Bytes file = memory.snapshot().at(snapshot_name(made_[0].id));
  const SnapshotId first[] = {made_[0].id}, second[] = {made_[1].id};
  forget_snapshots(repository_, first);
  memory.replace(snapshot_name(made_[0].id), file);
  EXPECT_EQ(shown(), (std::vector{made_[1].id, made_[2].id}));
  const SnapshotList list = list_snapshots(memory, repository_.keys());
  EXPECT_EQ(list.standing, std::vector{made_[0].id});
  ASSERT_EQ(list.problems.size(), 1u);
  EXPECT_EQ(list.problems[0].file, snapshot_name(made_[0].id));
  EXPECT_TRUE(list.damaged.empty());
  const CheckReport report = check_all(repository_);
  EXPECT_TRUE(report.damage.empty()) << describe(report);
  EXPECT_EQ(report.notes.size(), 1u);
  forget_snapshots(repository_, second);
  EXPECT_EQ(names("snapshots/"), std::vector{snapshot_name(made_[2].id)});
}

TEST_F(ForgettingTest, WhatCannotBeOpenedCanBeForgotten) {
  memory.replace(snapshot_name(made_[0].id), noise(500, 1));
  const SnapshotId gone[] = {made_[0].id};
  forget_snapshots(repository_, gone);
  EXPECT_EQ(names("snapshots/").size(), 2u);
}

TEST_F(ForgettingTest, DoesNothingWhereItMustNot) {
  const auto before = memory.snapshot();
  const SnapshotId unknown[] = {made_[0].id, SnapshotId{{1}}};
  EXPECT_EQ(code_of([&] { forget_snapshots(repository_, unknown); }), ErrorCode::kNotFound);
  EXPECT_EQ(memory.snapshot(), before);
  memory.replace(note_name(NoteId{{1}}), noise(400, 1));
  const SnapshotId good[] = {made_[0].id};
  EXPECT_EQ(code_of([&] { forget_snapshots(repository_, good); }), ErrorCode::kCorrupt);
  EXPECT_EQ(names("snapshots/").size(), 3u);
}

}  // namespace
}  // namespace cairn
