// What this machine saw of a repository: a storage that shows an older state, or lacks what was there, is noticed.
//
// Kept in the file `seen` of the repository's cache folder.  It isn't secret, but authenticated: one that was exchanged or damaged
// counts as none, as one that was deleted does.  Then nothing is remembered, and nothing else changes.
//
// Threads:  functions are thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/notes/notes.h"

namespace cairn {

constexpr size_t kMostSeenSnapshots = 10'000;

struct SeenSnapshot {
  SnapshotId id;
  uint64_t sequence = 0;
  int64_t time_ns = 0;
  bool gone = false;               // an owner forgot it, and its file was away
  bool operator==(const SeenSnapshot&) const = default;
};

// Layout: magic 8 | repository id 32 | box public 32 | maintenance public 32 | generation u64 | list of (id 32, sequence u64, time
// i64, gone u8) | keyed BLAKE3 of all before 32.
struct Seen {
  PublicKey box_public{}, maintenance_public{};
  uint64_t generation = 0;                  // the highest number of a gc list
  std::vector<SeenSnapshot> snapshots;      // by id
  bool operator==(const Seen&) const = default;

  Bytes encode(const Keyring& keys) const;
  // nullopt when this repository's keys didn't make it.
  static std::optional<Seen> decode(ByteView file, const Keyring& keys);
  const SeenSnapshot* find(const SnapshotId& id) const;
};

// What the storage shows: names only, nothing is opened.
struct ShownState {
  uint64_t generation = 0;
  std::vector<SnapshotId> snapshots;        // sorted
};
// In a listing with snapshots/ and gc/.
ShownState look(const FolderListing& listing);

// Something that was there and isn't, or that is there again.
struct Rollback {
  std::string file;                         // name in the repository
  std::string what;                         // a sentence for people
};

// What `shown` lacks of what was seen.  `notes` is asked only when a snapshot is missing.  Marks as gone what was forgotten.
std::vector<Rollback> compare(Seen& seen, const Keyring& keys, const ShownState& shown, const std::function<const Notes&()>& notes);
// Takes the present state as the one to remember: a rollback, if it was one, is accepted.
void accept(Seen& seen, const Keyring& keys, const ShownState& shown);
// Adds what was opened; of too many the oldest fall out.
void add(Seen& seen, std::vector<SeenSnapshot> opened);

}  // namespace cairn
