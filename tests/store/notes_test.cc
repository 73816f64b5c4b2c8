#include "store/notes/notes.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

using Kind = Statement::Kind;

class NotesTest : public testing::Test {
 protected:
  static Statement tagged(uint8_t snapshot, int64_t made_ns, const std::string& tag) {
    Statement s;
    s.kind = Kind::kTags;
    s.snapshot = SnapshotId{{snapshot}};
    s.made_ns = made_ns;
    s.tags = {tag};
    return s;
  }
  static Statement about(Kind kind, uint8_t snapshot, bool on = false) {
    Statement s;
    s.kind = kind;
    s.snapshot = SnapshotId{{snapshot}};
    s.made_ns = 5;
    s.on = on;
    return s;
  }
  void put_raw(uint8_t id, std::vector<Statement> statements) {
    Note note;
    note.id = NoteId{{id}};
    note.statements = std::move(statements);
    put(memory_, note_name(note.id), note.encode(keys_));
  }
  std::string tag_of(uint8_t snapshot) {
    const Notes notes = Notes::load(memory_, keys_);
    const Statement* s = notes.find(Kind::kTags, SnapshotId{{snapshot}});
    return s ? s->tags.at(0) : "none";
  }
  size_t files() { return memory_.list("notes/").size(); }
  Keyring keys_ = make_keyring(RepositoryId{{1}}, 1);
  MemoryBackend memory_;
};

TEST_F(NotesTest, TheNewestCountsAndTiesGoToTheLargerId) {
  EXPECT_EQ(tag_of(1), "none");
  put_raw(2, {tagged(1, 10, "new"), tagged(2, 10, "tie of the smaller")});
  put_raw(1, {tagged(1, 9, "old")});
  put_raw(3, {tagged(1, 8, "older"), tagged(2, 10, "tie of the larger"), about(Kind::kProtected, 1, true)});
  EXPECT_EQ(tag_of(1), "new");
  EXPECT_EQ(tag_of(2), "tie of the larger");
  const Notes notes = Notes::load(memory_, keys_);
  EXPECT_EQ(notes.all().size(), 3u);
  EXPECT_TRUE(notes.find(Kind::kProtected, SnapshotId{{1}})->on);
  EXPECT_FALSE(notes.find(Kind::kProtected, SnapshotId{{2}}));
  EXPECT_FALSE(notes.forgotten(SnapshotId{{1}}));
}

TEST_F(NotesTest, WhatIsSaidLastCountsWhateverTheClockSays) {
  put_raw(1, {tagged(1, INT64_MAX - 10, "from a clock gone wild")});
  put_note(memory_, keys_, {tagged(1, 0, "now")});
  EXPECT_EQ(tag_of(1), "now");
  put_note(memory_, keys_, {tagged(1, 3, "again"), tagged(2, 0, "two")});
  EXPECT_EQ(tag_of(1), "again");
  EXPECT_GT(Notes::load(memory_, keys_).find(Kind::kTags, SnapshotId{{2}})->made_ns, 1'600'000'000'000'000'000);
  put_note(memory_, keys_, {});
  EXPECT_EQ(files(), 3u);
}

TEST_F(NotesTest, OnesThatCannotBeReadAreToldAndTheOthersCount) {
  put_raw(1, {tagged(1, 1, "good")});
  memory_.replace(note_name(NoteId{{2}}), noise(400, 1));
  memory_.replace("notes/readme", {1});
  std::vector<std::string> problems;
  EXPECT_EQ(Notes::load(memory_, keys_, &problems).all().size(), 1u);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].find(note_name(NoteId{{2}})), std::string::npos) << problems[0];
}

TEST_F(NotesTest, CompactingKeepsWhatCountsAndRemovesWhatItRead) {
  for (uint8_t i = 1; i <= 5; ++i) put_raw(i, {tagged(i, i, "tag"), tagged(99, i, "version " + std::to_string(i))});
  put_raw(6, {about(Kind::kForgotten, 1)});
  memory_.replace(note_name(NoteId{{7}}), noise(400, 1));
  compact_notes(memory_, keys_, 7);
  EXPECT_EQ(files(), 7u);   // not more than allowed
  compact_notes(memory_, keys_, 6);
  EXPECT_EQ(files(), 2u);   // the new one, and the one that can't be read
  EXPECT_EQ(tag_of(99), "version 5");
  EXPECT_EQ(tag_of(2), "tag");
  EXPECT_EQ(tag_of(1), "none");   // forgotten: its tags matter no more
  EXPECT_TRUE(Notes::load(memory_, keys_).forgotten(SnapshotId{{1}}));
}

TEST_F(NotesTest, CompactingLeavesWhatALaterVersionWrote) {
  Note note;
  note.id = NoteId{{1}};
  note.statements = {tagged(1, 1, "a")};
  note.statements[0].kind = static_cast<Kind>(44);
  put(memory_, note_name(note.id), note.encode(keys_));
  for (uint8_t i = 2; i < 5; ++i) put_raw(i, {tagged(i, 1, "b")});
  const Bytes later = memory_.snapshot().at(note_name(note.id));
  compact_notes(memory_, keys_, 1);
  EXPECT_EQ(files(), 2u);
  EXPECT_EQ(memory_.snapshot().at(note_name(note.id)), later);
}

// A crash between the new note and the removal of the old ones leaves both, which say the same.
TEST_F(NotesTest, WritesBeforeItRemoves) {
  for (uint8_t i = 1; i <= 4; ++i) put_raw(i, {tagged(i, 1, "tag")});
  const auto before = memory_.snapshot();
  compact_notes(memory_, keys_, 1);
  for (const auto& [name, bytes] : before) memory_.replace(name, bytes);
  EXPECT_EQ(Notes::load(memory_, keys_).all().size(), 4u);
}

TEST_F(NotesTest, LongOnesAreDividedAndReadAgain) {
  std::vector<Statement> many;
  for (int i = 0; i < 24; ++i) {
    many.push_back(tagged(static_cast<uint8_t>(i + 1), 1, ""));
    many.back().tags.assign(1, std::string(1 << 20, static_cast<char>('a' + i)));
  }
  put_note(memory_, keys_, many);
  EXPECT_GT(files(), 2u);
  EXPECT_EQ(Notes::load(memory_, keys_).all().size(), 24u);
}

TEST_F(NotesTest, OnlyAnOwnerWritesAndCompacts) {
  keys_.maintenance_seed.reset();
  EXPECT_EQ(code_of([&] { put_note(memory_, keys_, {tagged(1, 1, "a")}); }), ErrorCode::kWrongKey);
  EXPECT_EQ(code_of([&] { compact_notes(memory_, keys_, 0); }), ErrorCode::kWrongKey);
  EXPECT_EQ(files(), 0u);
}

// A note that goes away while all are read: what it said is looked for again.
TEST_F(NotesTest, ReadsAgainWhenOneGoesAway) {
  class Vanishing : public Backend {
   public:
    Vanishing(Backend& inner, const Keyring& keys) : inner_(inner), keys_(keys) {}
    std::vector<StoredFile> list(std::string_view prefix) override { return inner_.list(prefix); }
    uint64_t size(std::string_view name) override { return inner_.size(name); }
    Buffer read(std::string_view name, uint64_t offset, uint64_t length) override {
      if (!std::exchange(compacted_, true)) compact_notes(inner_, keys_, 0);
      return inner_.read(name, offset, length);
    }
    std::unique_ptr<Upload> create(std::string_view name) override { return inner_.create(name); }
    bool remove(std::string_view name) override { return inner_.remove(name); }
    std::vector<std::string> list_foreign() override { return inner_.list_foreign(); }
    std::string describe() const override { return "vanishing"; }

   private:
    Backend& inner_;
    const Keyring& keys_;
    bool compacted_ = false;
  };
  for (uint8_t i = 1; i <= 4; ++i) put_raw(i, {tagged(i, 1, "tag")});
  Vanishing backend(memory_, keys_);
  std::vector<std::string> problems;
  EXPECT_EQ(Notes::load(backend, keys_, &problems).all().size(), 4u);
  EXPECT_TRUE(problems.empty());
}

}  // namespace
}  // namespace cairn
