#include "store/notes/notes.h"

#include <algorithm>

#include "store/host.h"

namespace cairn {

namespace {

constexpr char kNotes[] = "notes/";
constexpr int kMostTries = 10;                  // of reading all notes while others compact them
constexpr size_t kNoteSliceBytes = 4 << 20;     // of statements in one note

std::pair<Statement::Kind, SnapshotId> subject(const Statement& s) { return {s.kind, s.snapshot}; }

struct Reading {
  std::vector<Note> notes;
  std::vector<std::string> problems;
  bool again = false;   // one went away between listing and reading: what it said may stand in a new one
};

Reading read_notes(Backend& backend, const Keyring& keys, std::span<const StoredFile> files) {
  Reading out;
  for (const StoredFile& file : files) {
    const auto id = id_in_name<NoteId>(file.name);
    if (!id) continue;
    try {
      out.notes.push_back(Note::decode(read_whole(backend, file.name, kMostNoteBytes + 4096), *id, keys));
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kNotFound) out.again = true;
      else out.problems.push_back("a note about snapshots can't be read: " + std::string(e.what()));
    }
  }
  return out;
}

Reading read_all(Backend& backend, const Keyring& keys, const FolderListing& seen) {
  Reading out = read_notes(backend, keys, seen.in(kNotes));
  for (int i = 1; i < kMostTries && out.again; ++i) out = read_notes(backend, keys, backend.list(kNotes));
  if (!out.again) return out;
  out.problems.push_back("notes/: others kept changing the notes about snapshots while they were read: try again");
  return out;
}

size_t rough_bytes(const Statement& s) {
  size_t bytes = 128;
  for (const std::string& tag : s.tags) bytes += tag.size() + 8;
  return bytes;
}

// In notes of a length that can be read again.
void write(Backend& backend, const Keyring& keys, std::span<const Statement> statements) {
  for (size_t begin = 0; begin < statements.size();) {
    Note note;
    note.id = random_id<NoteId>();
    size_t bytes = 0;
    for (; begin < statements.size() && (bytes == 0 || bytes < kNoteSliceBytes); ++begin) {
      bytes += rough_bytes(statements[begin]);
      note.statements.push_back(statements[begin]);
    }
    put(backend, note_name(note.id), note.encode(keys));
  }
}

void require_owner(const Keyring& keys) {
  if (!keys.maintenance_seed) throw Error(ErrorCode::kWrongKey, "only an owner's key may note anything about a snapshot");
}

}  // namespace

Notes Notes::merge(std::vector<Note> notes) {
  std::ranges::sort(notes, {}, &Note::id);
  Notes out;
  for (Note& note : notes) std::ranges::move(note.statements, std::back_inserter(out.current_));
  // Of one subject the newest first; of one time the one of the later note.
  std::ranges::reverse(out.current_);
  std::ranges::stable_sort(out.current_, [](const Statement& a, const Statement& b) {
    return subject(a) != subject(b) ? subject(a) < subject(b) : a.made_ns > b.made_ns;
  });
  const auto rest = std::ranges::unique(out.current_, {}, subject);
  out.current_.erase(rest.begin(), rest.end());
  return out;
}

Notes Notes::load(Backend& backend, const Keyring& keys, std::vector<std::string>* problems) {
  return load(backend, keys, FolderListing(backend, {kNotes}), problems);
}

Notes Notes::load(Backend& backend, const Keyring& keys, const FolderListing& seen, std::vector<std::string>* problems) {
  Reading reading = read_all(backend, keys, seen);
  if (problems) std::ranges::move(reading.problems, std::back_inserter(*problems));
  return merge(std::move(reading.notes));
}

const Statement* Notes::find(Statement::Kind kind, const SnapshotId& snapshot) const {
  const auto at = std::ranges::lower_bound(current_, std::pair(kind, snapshot), {}, subject);
  return at != current_.end() && subject(*at) == std::pair(kind, snapshot) ? &*at : nullptr;
}

void put_note(Backend& backend, const Keyring& keys, std::vector<Statement> statements) {
  require_owner(keys);
  if (statements.empty()) return;
  const Notes present = Notes::load(backend, keys);
  for (Statement& s : statements) {
    if (s.made_ns == 0) s.made_ns = now_ns();
    const Statement* before = present.find(s.kind, s.snapshot);
    if (before && before->made_ns >= s.made_ns && before->made_ns < INT64_MAX) s.made_ns = before->made_ns + 1;
  }
  write(backend, keys, statements);
}

void compact_notes(Backend& backend, const Keyring& keys, size_t most_files) {
  require_owner(keys);
  const FolderListing seen(backend, {kNotes});
  if (seen.in(kNotes).size() <= most_files) return;
  Reading reading = read_all(backend, keys, seen);
  std::erase_if(reading.notes, [](const Note& note) { return !note.all_understood; });
  if (reading.notes.size() < 2) return;
  std::vector<std::string> names;
  for (const Note& note : reading.notes) names.push_back(note_name(note.id));
  // Of what is forgotten nothing else matters any more.
  Notes merged = Notes::merge(std::move(reading.notes));
  std::vector<Statement> kept = merged.all();
  std::erase_if(kept, [&](const Statement& s) { return s.kind != Statement::Kind::kForgotten && merged.forgotten(s.snapshot); });
  write(backend, keys, kept);
  for (const std::string& name : names) backend.remove(name);
}

}  // namespace cairn
