#include "store/notes/note_file.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class NoteFileTest : public testing::Test {
 protected:
  static Note sample() {
    using Kind = Statement::Kind;
    Note note;
    note.id = NoteId{{9}};
    note.statements.resize(4);
    for (uint8_t i = 0; i < 4; ++i) {
      note.statements[i].kind = static_cast<Kind>(i + 1);
      note.statements[i].snapshot = SnapshotId{{i, 7}};
      note.statements[i].made_ns = 1'700'000'000'000'000'000 + i;
    }
    note.statements[0].witness = {1, 2, 3};
    note.statements[0].replaced_by = SnapshotId{{8}};
    note.statements[1].tags = {"", "a b", std::string("\xff\0x", 3)};
    note.statements[2].on = true;
    note.statements[3].how = Statement::How::kDrill;
    return note;
  }
  // What a signature of this seed over these fields makes of a note; `author` signs the file.
  static Bytes file_of(const Keyring& author, const Secret& maintenance, ByteView fields, const NoteId& id) {
    Encoder out;
    out.raw(fields);
    out.raw(sign(maintenance, "cairn note v1", fields));
    return SealedFile::encode(ObjectType::kNote, id.view(), author, author.gc_key, out.out());
  }
  std::string refusal(const Bytes& file, const NoteId& id) {
    try {
      Note::decode(file, id, keys_);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }
  Keyring keys_ = make_keyring(RepositoryId{{1}}, 1);
};

TEST_F(NoteFileTest, ComesBack) {
  const Note note = sample();
  const Note back = Note::decode(note.encode(keys_), note.id, keys_);
  EXPECT_EQ(back.id, note.id);
  EXPECT_EQ(back.statements, note.statements);
  EXPECT_TRUE(back.all_understood);
  EXPECT_EQ(note_name(note.id).substr(0, 8), "notes/09");
}

TEST_F(NoteFileTest, CutOrChangedItIsRefused) {
  const Note note = sample();
  const Bytes file = note.encode(keys_);
  for (size_t size = 0; size < file.size(); size += 3)
    EXPECT_EQ(code_of([&] { Note::decode(ByteView(file).first(size), note.id, keys_); }), ErrorCode::kCorrupt) << size;
  for (size_t at = 0; at < file.size(); at += 7) {
    Bytes bad = file;
    bad[at] ^= 0x10;
    EXPECT_TRUE(code_of([&] { Note::decode(bad, note.id, keys_); })) << at;
  }
  EXPECT_EQ(code_of([&] { Note::decode(file, NoteId{{8}}, keys_); }), ErrorCode::kCorrupt);
}

TEST_F(NoteFileTest, OnlyAnOwnerMakesOne) {
  const Note note = sample();
  Keyring writer = Keyring::decode(keys_.encode(), keys_.repository, "copy");
  writer.role = Role::kWriter;
  writer.signing_seed = Secret::random();
  writer.certificate = make_certificate(keys_.repository, *keys_.maintenance_seed, signing_public_key(*writer.signing_seed), Role::kWriter, 1);
  writer.maintenance_seed.reset();
  EXPECT_EQ(code_of([&] { note.encode(writer); }), ErrorCode::kWrongKey);

  // A writer knows the gc key: it can open a note, and seal and sign a file of its own.
  const Bytes genuine = SealedFile::decode(note.encode(keys_), ObjectType::kNote, note.id.view(), keys_, keys_.gc_key, "note", 1 << 20).content;
  const ByteView fields = ByteView(genuine).first(genuine.size() - kSignatureBytes);
  const std::string forged = refusal(file_of(writer, Secret::random(), fields, note.id), note.id);
  EXPECT_NE(forged.find("not signed by an owner"), std::string::npos) << forged;
  EXPECT_NE(forged.find(note_name(note.id)), std::string::npos) << forged;
  // An owner's signing key alone isn't enough either, nor an owner's words in a writer's file, nor those of another note.
  EXPECT_NE(refusal(file_of(keys_, Secret::random(), fields, note.id), note.id).find("not signed by an owner"), std::string::npos);
  EXPECT_NE(refusal(file_of(writer, *keys_.maintenance_seed, fields, note.id), note.id).find("not signed by an owner"), std::string::npos);
  const NoteId other{{77}};
  EXPECT_NE(refusal(file_of(keys_, *keys_.maintenance_seed, fields, other), other).find("under another name"), std::string::npos);
  EXPECT_EQ(refusal(file_of(keys_, *keys_.maintenance_seed, fields, note.id), note.id), "");
}

// What a later version adds is passed over, and known to be there.
TEST_F(NoteFileTest, UnknownFieldsAndKindsArePassedOver) {
  Encoder id;
  id.varint(1);
  id.bytes(NoteId{{9}}.view());
  auto statement = [](uint8_t kind, bool extra) {
    Encoder s;
    s.varint(1), s.bytes(Bytes{kind});
    s.varint(2), s.bytes(SnapshotId{{5}}.view());
    s.varint(3), s.bytes(Bytes{1});
    if (extra) s.varint(99), s.bytes(Bytes{1, 2});
    Encoder out;
    out.varint(2);
    out.bytes(s.out());
    return out.take();
  };
  struct Row {
    Bytes more;
    size_t statements;
  } rows[] = {{statement(3, true), 1}, {statement(17, false), 0}, {Bytes{50, 1, 0}, 0}};
  for (const Row& row : rows) {
    Encoder fields;
    fields.raw(id.out());
    fields.raw(row.more);
    const Note note = Note::decode(file_of(keys_, *keys_.maintenance_seed, fields.out(), NoteId{{9}}), NoteId{{9}}, keys_);
    EXPECT_EQ(note.statements.size(), row.statements);
    EXPECT_FALSE(note.all_understood);
  }
}

TEST_F(NoteFileTest, ImpossibleStatementsAreRefused) {
  Note note = sample();
  note.statements[0].snapshot = {};
  EXPECT_EQ(code_of([&] { note.encode(keys_); }), ErrorCode::kInvalidArgument);
  note = sample();
  note.statements[0].made_ns = -1;
  EXPECT_EQ(code_of([&] { note.encode(keys_); }), ErrorCode::kInvalidArgument);
  const Bytes about_nothing{2, 6, 1, 1, 3, 3, 1, 1};   // a statement: protected, made at 1
  EXPECT_EQ(code_of([&] { Note::decode_fields(about_nothing, "note"); }), ErrorCode::kCorrupt);
  note = sample();
  note.statements[1].tags.assign(20, std::string(1 << 20, 'x'));
  EXPECT_EQ(code_of([&] { note.encode(keys_); }), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cairn
