#include "store/retention/reduce.h"

#include "store/notes/notes.h"
#include "tests/store/store_fixture.h"

namespace cairn {

namespace {

using TagNames = std::vector<std::string>;

class ReduceTest : public StoreTest {
 protected:
  // Components "db" and "media".
  SnapshotId back_up_both(uint64_t seed) {
    TestBackup backup(repository_);
    DirectoryWriter root(put_in(backup));
    Manifest m;
    m.time_ns = static_cast<int64_t>(seed);
    m.host = "web";
    m.sequence = seed;
    m.previous = last_;
    for (const char* name : {"db", "media"}) {
      const Entry entry = backup.add_directory(name, sample_files(seed + (*name == 'd' ? 0 : 100)));
      root.add(entry);
      m.components.emplace_back().name = name;
      m.components.back().size_bytes = entry.size_bytes;
    }
    m.root = root.finish();
    backup.builder().flush();
    backup.session().commit(m);
    return last_ = m.id;
  }
  const PutObject& put_in(TestBackup& backup) {
    put_ = [&backup](ByteView object) { return backup.session().put_object(object); };
    return put_;
  }
  Manifest seen(const SnapshotId& id) {
    for (const Manifest& m : repository_.snapshots())
      if (m.id == id) return m;
    ADD_FAILURE() << "not there";
    return {};
  }
  Manifest reduce(const Manifest& from, const TagNames& names) {
    WriteSession session(repository_);
    return reduce_snapshot(repository_, session, from, names);
  }
  void note(Statement::Kind kind, const SnapshotId& id) {
    Statement s;
    s.kind = kind;
    s.snapshot = id;
    s.tags = {"kept", "long"};
    s.on = true;
    put_note(memory, repository_.keys(), {s});
  }
  Repository repository_ = open();
  PutObject put_;
  SnapshotId last_;
};

TEST_F(ReduceTest, KeepsTheChosenComponentsAndEverythingElse) {
  back_up_both(2);
  const SnapshotId id = back_up_both(3);
  note(Statement::Kind::kTags, id);
  const Manifest from = seen(id), out = seen(reduce(from, {"media"}).id);
  EXPECT_NE(out.id, from.id);
  EXPECT_EQ(out.origin, from.id);
  EXPECT_EQ(out.original_author, from.author);
  EXPECT_EQ(std::tuple(out.time_ns, out.host, out.sequence, out.previous), std::tuple(from.time_ns, from.host, from.sequence, from.previous));
  EXPECT_EQ(out.tags, (TagNames{"kept", "long"}));
  ASSERT_EQ(out.components.size(), 1U);
  EXPECT_EQ(out.components[0], *from.component("media"));
  const ReadBack back = read_back(repository_, out);
  EXPECT_TRUE(back.errors.empty());
  EXPECT_EQ(back.files, sample_files(103));
  EXPECT_TRUE(check_all(repository_).damage.empty()) << describe(check_all(repository_));
  EXPECT_EQ(repository_.snapshots().size(), 3U);   // the original is the caller's to forget
}

TEST_F(ReduceTest, RefusesWhatMakesNoSense) {
  const SnapshotId id = back_up_both(1);
  const Manifest from = seen(id);
  for (const TagNames& names : {TagNames{}, TagNames{"db", "media"}, TagNames{"cache"}})
    EXPECT_EQ(code_of([&] { reduce(from, names); }), ErrorCode::kInvalidArgument);
  note(Statement::Kind::kProtected, id);
  EXPECT_EQ(code_of([&] { reduce(seen(id), {"db"}); }), ErrorCode::kInvalidArgument);
  Manifest late = from;
  late.late = true;
  EXPECT_EQ(code_of([&] { reduce(late, {"db"}); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(names("snapshots/").size(), 1U);
}

TEST_F(ReduceTest, OneThatIsForgottenMeanwhileLeavesNoSmallerOneBehind) {
  const Manifest from = seen(back_up_both(1));
  WriteSession session(repository_);
  forget_snapshots(repository_, {&from.id, 1});
  EXPECT_EQ(code_of([&] { reduce_snapshot(repository_, session, from, TagNames{"db"}); }), ErrorCode::kLocked);
  EXPECT_TRUE(repository_.snapshots().empty());
}

TEST_F(ReduceTest, CarryingOutForgetsAndReplaces) {
  const SnapshotId first = back_up_both(1), second = back_up_both(2), third = back_up_both(3);
  const Manifest middle = seen(second);
  const std::map<SnapshotId, SnapshotId> replaced = carry_out(repository_, {&first, 1}, std::vector<Reduction>{{&middle, {"db"}}}, [] {});
  ASSERT_EQ(replaced.size(), 1U);
  const SnapshotId smaller = replaced.at(second);
  ASSERT_EQ(repository_.snapshots().size(), 2U);
  EXPECT_EQ(repository_.snapshots()[0].id, smaller);
  EXPECT_EQ(repository_.snapshots()[1].id, third);
  const Notes notes = Notes::load(memory, repository_.keys());
  EXPECT_EQ(notes.find(Statement::Kind::kForgotten, second)->replaced_by, smaller);
  EXPECT_TRUE(notes.find(Statement::Kind::kForgotten, first)->replaced_by.is_zero());
  EXPECT_EQ(read_back(repository_, seen(smaller)).files, sample_files(2));
  EXPECT_TRUE(check_all(repository_).damage.empty()) << describe(check_all(repository_));
}

TEST_F(ReduceTest, AnInterruptionLeavesEachOneBeforeOrAfter) {
  std::vector<Manifest> all;
  std::vector<Reduction> reductions;
  for (uint64_t i = 1; i <= 3; ++i) all.push_back(seen(back_up_both(i)));
  for (const Manifest& m : all) reductions.push_back({&m, {"media"}});
  int steps = 0;
  auto step = [&] {
    if (++steps == 3) throw Error(ErrorCode::kInterrupted, "enough");
  };
  EXPECT_EQ(code_of([&] { carry_out(repository_, {}, reductions, step); }), ErrorCode::kInterrupted);
  const std::vector<Manifest> left = repository_.snapshots();
  ASSERT_EQ(left.size(), 3U);
  EXPECT_EQ(left[0].components.size() + left[1].components.size(), 2U);
  EXPECT_EQ(left[2].id, all[2].id);
}

}  // namespace

}  // namespace cairn
