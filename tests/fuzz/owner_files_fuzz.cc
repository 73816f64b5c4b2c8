// What owners sign: notes, gc lists, cards.  Input: which (1 byte), the content without seal and signature.
#include "store/gc/gc_list.h"
#include "store/keys/key_card.h"
#include "store/notes/note_file.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using namespace cairn;

const Keyring& owner() {
  static const Keyring keys = make_keyring({}, 1);
  return keys;
}

// What can be read can be written, and comes back.
void note(ByteView fields) {
  Note note = Note::decode_fields(fields, "note");
  try {
    Bytes file = note.encode(owner());
    require(Note::decode(file, note.id, owner()).statements == note.statements);
  } catch (const Error& e) {
    require(e.code() == ErrorCode::kInvalidArgument);   // about no snapshot, of an impossible time: read, never written
  }
}

void gc_list(ByteView fields) {
  GcList list = GcList::decode_fields(fields, "gc list");
  if (list.kind != GcList::Kind::kCondemned && list.kind != GcList::Kind::kRevoked && list.kind != GcList::Kind::kAccepted) return;
  GcList again = GcList::decode(list.encode(owner()), list.kind, list.generation, owner());
  require(again.condemned == list.condemned && again.revoked == list.revoked && again.accepted == list.accepted);
}

void card(ByteView bytes) {
  KeyCard card = KeyCard::decode(bytes, "card");
  require(KeyCard::decode(card.encode(), "card").label == card.label);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  ByteView content(data + 1, size - 1);
  refuse_or([&] { data[0] % 3 == 0 ? note(content) : data[0] % 3 == 1 ? gc_list(content) : card(content); });
  return 0;
}
