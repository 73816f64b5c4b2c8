// notes/ID: statements of owners about snapshots.  A snapshot's file never changes; what is said of it later stands here.
//
// Layout: a sealed file under the gc key (object id: the note's); content: tagged fields (FORMAT.md, "Note"), then the maintenance
// signature 64 over them, because whoever could forge one could hide snapshots or take their protection away.
#pragma once

#include <string>
#include <vector>

#include "store/notes/witness.h"
#include "store/sealed_file.h"

namespace cairn {

struct Statement {
  enum class Kind : uint8_t { kForgotten = 1, kTags = 2, kProtected = 3, kVerified = 4 };
  enum class How : uint8_t { kCheck = 1, kReadData = 2, kDrill = 3 };
  Kind kind = Kind::kForgotten;
  SnapshotId snapshot;
  int64_t made_ns = 0;                 // when it was noted; of one kind for one snapshot the newest counts; kForgotten is for ever
  Witness witness{};                   // kForgotten: the snapshot's witness code
  SnapshotId replaced_by;              // kForgotten: zero without
  std::vector<std::string> tags;       // kTags: all of them, in place of the manifest's
  bool on = false;                     // kProtected
  How how = How::kCheck;               // kVerified
  bool operator==(const Statement&) const = default;
};

struct Note {
  NoteId id;
  std::vector<Statement> statements;
  bool all_understood = true;          // false: a later version said something in it that this one passes over

  // kWrongKey unless an owner's key; kInvalidArgument when it couldn't be read again: too long, about no
  // snapshot, of a negative time.
  Bytes encode(const Keyring& keys) const;
  // kCorrupt unless an owner signed it, under this id.
  static Note decode(ByteView file, const NoteId& id, const Keyring& keys);
  // The content without the signature.
  static Note decode_fields(ByteView fields, std::string_view name);
};

std::string note_name(const NoteId& id);   // notes/ID

}  // namespace cairn
