// What owners noted about snapshots, all notes together.
//
// Threads:  functions are thread-safe; Notes is immutable.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "store/backend/folder_listing.h"
#include "store/notes/note_file.h"

namespace cairn {

class Repository;

// The statements that count: of one kind about one snapshot the newest, of two of one time the one in the note with the larger id.
class Notes {
 public:
  // Reads them all.  A note that can't be read goes to `problems`, as a sentence for people: whoever deletes anything must ask for
  // them and refuse when there are any, because what is protected may stand in it.
  static Notes load(Backend& backend, const Keyring& keys, std::vector<std::string>* problems = nullptr);
  // Those that a listing with notes/ knows.
  static Notes load(Backend& backend, const Keyring& keys, const FolderListing& seen, std::vector<std::string>* problems = nullptr);
  // nullptr without.
  const Statement* find(Statement::Kind kind, const SnapshotId& snapshot) const;
  bool forgotten(const SnapshotId& snapshot) const { return find(Statement::Kind::kForgotten, snapshot) != nullptr; }
  // By kind, then by snapshot.
  const std::vector<Statement>& all() const { return current_; }

 private:
  friend void compact_notes(Backend& backend, const Keyring& keys, size_t most_files);
  static Notes merge(std::vector<Note> notes);
  std::vector<Statement> current_;
};

// Writes statements down.  Times of 0 become now; one that isn't newer than what it replaces becomes just that: what is said last
// counts, whatever clock says so.   kWrongKey unless an owner's key.
void put_note(Backend& backend, const Keyring& keys, std::vector<Statement> statements);

// When there are more than `most_files` notes: writes what counts into one (or a few, if it is long), then removes exactly those
// read; not those that can't be read, or that a later version wrote.   kWrongKey unless an owner's key.
constexpr size_t kMostNoteFiles = 32;
void compact_notes(Backend& backend, const Keyring& keys, size_t most_files = kMostNoteFiles);

// Forgets snapshots: notes it first, then removes their files, those too that an interrupted forget left behind.  Files that can't
// be opened can be forgotten as well; a snapshot that was forgotten already is passed over.
// kWrongKey unless an owner's key; kNotFound naming one that isn't there; kCorrupt when a note can't be read.  In these cases
// nothing was done.
void forget_snapshots(Repository& repository, std::span<const SnapshotId> snapshots,
                      const std::map<SnapshotId, SnapshotId>& replaced_by = {});
// Removes the files of forgotten snapshots that still stand; returns how many there were.
size_t remove_forgotten(Backend& backend, const Notes& notes);

}  // namespace cairn
