#include "store/notes/note_file.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr std::string_view kNoteDomain = "cairn note v1";

enum NoteTag : uint64_t { kId = 1, kStatement = 2 };
enum StatementTag : uint64_t {
  kKind = 1, kSnapshot = 2, kMade = 3, kWitness = 4, kReplacedBy = 5, kTagWord = 6, kOn = 7, kHow = 8
};

void bytes_field(Encoder& out, uint64_t tag, ByteView value) {
  out.varint(tag);
  out.bytes(value);
}

void number_field(Encoder& out, uint64_t tag, uint64_t value) {
  Encoder field;
  field.varint(value);
  bytes_field(out, tag, field.out());
}

// Calls visit(tag, value) for every field.
template <class Visit>
void read_fields(ByteView content, std::string_view name, Visit visit) {
  Decoder in(content, name);
  while (in.remaining() > 0) {
    const uint64_t tag = in.varint();
    visit(tag, in.bytes());
  }
}

Bytes encode_statement(const Statement& s) {
  Encoder out;
  number_field(out, kKind, static_cast<uint64_t>(s.kind));
  bytes_field(out, kSnapshot, s.snapshot.view());
  number_field(out, kMade, static_cast<uint64_t>(s.made_ns));
  switch (s.kind) {
    case Statement::Kind::kForgotten:
      bytes_field(out, kWitness, s.witness);
      if (!s.replaced_by.is_zero()) bytes_field(out, kReplacedBy, s.replaced_by.view());
      break;
    case Statement::Kind::kTags:
      for (const std::string& tag : s.tags) bytes_field(out, kTagWord, view(tag));
      break;
    case Statement::Kind::kProtected: number_field(out, kOn, s.on); break;
    case Statement::Kind::kVerified: number_field(out, kHow, static_cast<uint64_t>(s.how)); break;
  }
  return out.take();
}

// False when a later version may have meant something that isn't understood here.
bool decode_statement(ByteView content, std::string_view name, Statement& s) {
  uint64_t kind = 0;
  bool understood = true;
  read_fields(content, name, [&](uint64_t tag, ByteView value) {
    Decoder in(value, name);
    switch (tag) {
      case kKind: kind = in.varint_up_to(255); break;
      case kSnapshot: s.snapshot = SnapshotId::from_bytes(in.raw(32)); break;
      case kMade: s.made_ns = static_cast<int64_t>(in.varint()); break;
      case kWitness: std::ranges::copy(in.raw(s.witness.size()), s.witness.begin()); break;
      case kReplacedBy: s.replaced_by = SnapshotId::from_bytes(in.raw(32)); break;
      case kTagWord: s.tags.emplace_back(text(value)); break;
      case kOn: s.on = in.varint_up_to(1) == 1; break;
      case kHow: s.how = static_cast<Statement::How>(in.varint_up_to(255)); break;
      default: understood = false; break;
    }
  });
  if (s.snapshot.is_zero()) Decoder(content, name).fail("a statement about no snapshot");
  if (s.made_ns < 0) Decoder(content, name).fail("a statement of an impossible time");
  s.kind = static_cast<Statement::Kind>(kind);
  return understood;
}

bool known(Statement::Kind kind) {
  return kind >= Statement::Kind::kForgotten && kind <= Statement::Kind::kVerified;
}

}  // namespace

std::string note_name(const NoteId& id) { return "notes/" + id.hex(); }

Bytes Note::encode(const Keyring& keys) const {
  if (!keys.maintenance_seed) throw Error(ErrorCode::kWrongKey, "only an owner's key may note anything about a snapshot");
  Encoder out;
  bytes_field(out, kId, id.view());
  for (const Statement& s : statements) {
    if (s.snapshot.is_zero() || s.made_ns < 0) throw Error(ErrorCode::kInvalidArgument, "a note about no snapshot, or of an impossible time");
    bytes_field(out, kStatement, encode_statement(s));
  }
  if (out.size() + kSignatureBytes > kMostNoteBytes)
    throw Error(ErrorCode::kInvalidArgument, "a note about snapshots would be " + std::to_string(out.size()) + " bytes long");
  out.raw(sign(*keys.maintenance_seed, kNoteDomain, out.out()));
  return SealedFile::encode(ObjectType::kNote, id.view(), keys, keys.gc_key, out.out());
}

Note Note::decode_fields(ByteView fields, std::string_view name) {
  Note note;
  read_fields(fields, name, [&](uint64_t tag, ByteView value) {
    if (tag == kId) {
      note.id = NoteId::from_bytes(Decoder(value, name).raw(32));
    } else if (tag == kStatement) {
      Statement s;
      if (!decode_statement(value, name, s) || !known(s.kind)) note.all_understood = false;
      if (known(s.kind)) note.statements.push_back(std::move(s));
    } else {
      note.all_understood = false;
    }
  });
  return note;
}

Note Note::decode(ByteView file, const NoteId& id, const Keyring& keys) {
  const std::string name = note_name(id);
  const SealedFile sealed = SealedFile::decode(file, ObjectType::kNote, id.view(), keys, keys.gc_key, name, kMostNoteBytes);
  Decoder in(sealed.content, name);
  if (sealed.author.role != Role::kOwner || sealed.content.size() < kSignatureBytes) in.fail("not signed by an owner: it was forged");
  const ByteView fields = in.raw(sealed.content.size() - kSignatureBytes);
  Signature signature;
  std::ranges::copy(in.raw(kSignatureBytes), signature.begin());
  if (!verify(keys.maintenance_public, kNoteDomain, fields, signature)) in.fail("not signed by an owner: it was forged");
  Note note = decode_fields(fields, name);
  if (note.id != id) in.fail("a copy of " + note_name(note.id) + " under another name");
  return note;
}

}  // namespace cairn
