#include "store/notes/snapshot_list.h"

#include "store/gc/gc_list.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

using Kind = Statement::Kind;

class SnapshotListTest : public StoreTest {
 protected:
  void note(Kind kind, const SnapshotId& snapshot, std::vector<std::string> tags = {}, bool on = false) {
    Statement s;
    s.kind = kind;
    s.snapshot = snapshot;
    s.tags = std::move(tags);
    s.on = on;
    put_note(memory, repository_.keys(), {s});
  }
  void companion(uint64_t generation, GcList::Kind kind, const Manifest& m) {
    GcList list;
    list.kind = kind;
    list.generation = generation;
    if (kind == GcList::Kind::kRevoked) list.revoked = {m.lease};
    else list.accepted = {m.id};
    put(memory, gc_list_name(generation, kind), list.encode(repository_.keys()));
  }
  Manifest only() {
    auto all = repository_.snapshots();
    EXPECT_EQ(all.size(), 1u);
    return all.at(0);
  }
  Repository repository_ = open();
};

TEST_F(SnapshotListTest, NotesAreApplied) {
  memory.set_clock_ns(777);
  const Manifest made = back_up(repository_, {{"f", noise(10, 1)}});
  memory.set_clock_ns(std::nullopt);
  Manifest m = only();
  EXPECT_EQ(m.received_ns, 777);
  EXPECT_EQ(m.author_role, Role::kOwner);
  EXPECT_EQ(m.witness, witness_of(repository_.keys().repository, m.id, memory.snapshot().at(snapshot_name(m.id))));
  EXPECT_EQ(std::tuple(m.is_protected, m.verified_ns, m.late), std::tuple(false, 0, false));
  note(Kind::kTags, made.id, {"z", "a"});
  note(Kind::kProtected, made.id, {}, true);
  note(Kind::kVerified, made.id);
  m = only();
  EXPECT_EQ(m.tags, (std::vector<std::string>{"a", "z"}));
  EXPECT_TRUE(m.is_protected);
  EXPECT_GT(m.verified_ns, 0);
  note(Kind::kProtected, made.id, {}, false);
  EXPECT_FALSE(only().is_protected);
}

TEST_F(SnapshotListTest, OneWhoseLeaseWasRevokedIsLateUntilItIsAcceptedOrFoundWhole) {
  const Manifest made = back_up(repository_, {{"f", noise(10, 1)}});
  EXPECT_FALSE(only().late);
  companion(3, GcList::Kind::kRevoked, made);
  EXPECT_TRUE(only().late);
  companion(4, GcList::Kind::kAccepted, made);   // of another prune: between them its chunks may have gone
  EXPECT_TRUE(only().late);
  companion(3, GcList::Kind::kAccepted, made);
  EXPECT_FALSE(only().late);
  companion(5, GcList::Kind::kRevoked, made);
  EXPECT_TRUE(only().late);
  note(Kind::kVerified, made.id);
  EXPECT_FALSE(only().late);
}

TEST_F(SnapshotListTest, ALateOneIsMeantByItsIdOnly) {
  const Manifest good = back_up(repository_, {{"f", noise(10, 1)}}, 1);
  const Manifest late = back_up(repository_, {{"f", noise(10, 2)}}, 2);
  companion(1, GcList::Kind::kRevoked, late);
  auto all = repository_.snapshots();
  for (const char* name : {"latest", "latest~0", "@2026-01-01"}) EXPECT_EQ(choose_snapshot(all, name, {}).id, good.id) << name;
  EXPECT_EQ(code_of([&] { choose_snapshot(all, "latest~1", {}); }), ErrorCode::kNotFound);
  EXPECT_EQ(choose_snapshot(all, late.id.hex(), {}).id, late.id);
  all.erase(all.begin());
  EXPECT_EQ(code_of([&] { choose_snapshot(all, "latest", {}); }), ErrorCode::kNotFound);
}

// They are opened side by side; what is told is the same, in the same order.
TEST_F(SnapshotListTest, ManyAreAsFew) {
  std::vector<SnapshotId> good;
  std::vector<SnapshotId> bad;
  for (int i = 0; i < 30; ++i) {
    const Manifest made = back_up(repository_, {{"f", noise(10, static_cast<uint64_t>(i))}}, 100 - i);
    if (i % 7 == 3) {
      memory.replace(snapshot_name(made.id), noise(300, 1));
      bad.push_back(made.id);
    } else {
      good.insert(good.begin(), made.id);
    }
  }
  std::ranges::sort(bad);
  const SnapshotList list = list_snapshots(memory, repository_.keys());
  std::vector<SnapshotId> listed;
  for (const Manifest& m : list.snapshots) listed.push_back(m.id);
  EXPECT_EQ(listed, good);
  EXPECT_EQ(list.damaged, bad);
  ASSERT_EQ(list.problems.size(), bad.size());
  for (size_t i = 0; i < bad.size(); ++i) EXPECT_EQ(list.problems[i].file, snapshot_name(bad[i]));
}

TEST_F(SnapshotListTest, TellsWhatItCannotRead) {
  back_up(repository_, {{"f", noise(10, 1)}});
  memory.replace(gc_list_name(1, GcList::Kind::kRevoked), noise(300, 1));
  memory.replace(snapshot_name(SnapshotId{{1}}), noise(300, 1));
  memory.replace(note_name(NoteId{{1}}), noise(300, 1));
  const SnapshotList list = list_snapshots(memory, repository_.keys());
  EXPECT_EQ(list.snapshots.size(), 1u);
  EXPECT_EQ(list.damaged, std::vector{SnapshotId{{1}}});
  EXPECT_EQ(list.problems.size(), 3u);
  EXPECT_EQ(check_all(repository_).damage.size(), 3u) << describe(check_all(repository_));
}

}  // namespace
}  // namespace cairn
