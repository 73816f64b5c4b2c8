// An opened repository: where it is, its keys, its snapshots, and (when asked for) its index.
//
// Threads:  immutable after opening, thread-safe; index() is opened by the first caller, one thread at a time.
// Lifetime: `backend` must outlive this.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/backend/folder_listing.h"
#include "store/index/index.h"
#include "store/keys/config.h"
#include "store/keys/key_slot.h"
#include "store/snapshot/manifest.h"
#include "store/tree/object.h"

namespace cairn {

struct InitOptions {
  KdfParams kdf = new_kdf_params();   // of a key file: new_kdf_params(SlotKind::kKeyFile)
  ChunkerSizes sizes;
  ContentSettings content;
  Suite suite = best_suite();
};

// What is looked at before a repository is opened: the names that opening needs and what nearly every command asks for next, in one
// listing, and the config.
// How much of the index the caller will soon ask for.
enum class IndexUse { kNone, kSome, kMost };

struct Opening {
  // kNoRepository, kUnsupported, kCorrupt.   `index_use`: unless kNone, its names too.
  explicit Opening(Backend& backend, IndexUse index_use = IndexUse::kNone);
  FolderListing seen;   // gc/, keys/, notes/, snapshots/; index/ and packs/ unless kNone
  Config config;
  IndexUse index_use;
};

class Repository {
 public:
  // Makes a repository with one owner.  kInvalidArgument when there is one already, anything else at that
  // place, or impossible sizes.
  static RepositoryId init(Backend& backend, const Unlock& unlock, const InitOptions& options);

  // kNoRepository, kWrongKey, kUnsupported, kCorrupt.  `cache_root`: for this repository's index, made on demand.
  // `index_use`: unless kNone a local index is opened while the key is made of the password (a seventh of the time of a short `cat`); for kMost
  // a small one is read meanwhile, too.
  Repository(Backend& backend, const Unlock& unlock, const std::string& cache_root, IndexUse index_use = IndexUse::kNone);
  Repository(Backend& backend, const Unlock& unlock, const std::string& cache_root, Opening opening);
  ~Repository();

  Backend& backend() const { return backend_; }
  const Config& config() const { return config_; }
  const Keyring& keys() const { return keys_; }
  // The key slot that it was opened with.
  const SlotId& slot() const { return slot_; }
  // The index for whoever reads; the first time it may be as it was when the repository was opened.
  const Index& index();
  Index& writable_index();
  // Brought up to date, then open to be read only, for processes that stay: others may write the local index meanwhile.
  const Index& shared_index();
  // The index compared with the repository from now on, not from an earlier look.
  Index& fresh_index();
  // Or with a listing with index/ and packs/ of now.
  Index& fresh_index(const FolderListing& seen);
  // The newest gc list when the repository was opened; there may be newer ones.
  uint64_t opening_generation() const { return opening_generation_; }
  // The folder for everything this machine keeps about the repository.
  const std::string& cache_folder() const { return cache_folder_; }

  // All snapshots that can be opened and aren't forgotten, oldest first, with what was noted about them.  What is wrong goes to
  // `problems`, as sentences for people.  list_snapshots() tells more.   kWrongKey without the read key.
  std::vector<Manifest> snapshots(std::vector<std::string>* problems = nullptr) const;

 private:
  Index& open_index(const FolderListing& seen);
  Backend& backend_;
  Config config_;
  uint64_t opening_generation_;
  std::optional<FolderListing> packs_seen_;   // when it was opened; until the index is
  std::string cache_folder_;
  std::future<std::unique_ptr<IndexDatabase>> opening_;   // of the index, when it was started early
  SlotId slot_;
  Keyring keys_;
  std::unique_ptr<Index> index_;
};

// Narrows the choice of a snapshot.
struct SnapshotFilter {
  std::string host;
  std::vector<std::string> tags;   // all of them
  std::string component;
  bool matches(const Manifest& m) const;
};

// The snapshot that `name` means: an id or a unique prefix of one (4 digits at least), "latest", "latest~2", "@2026-11-20T03:00"
// (newest at or before, local time; a trailing Z for UTC).  One that is late is meant by its id only.
// kNotFound, kInvalidArgument, with what to type instead.   Requires: `snapshots` sorted, oldest first.
const Manifest& choose_snapshot(const std::vector<Manifest>& snapshots, std::string_view name, const SnapshotFilter& filter);

// The entry a path means, from the root of the snapshot: "" is the root itself (nullopt), else "component/a/b".
// kNotFound, naming the element that is missing; kInvalidArgument for a path through something that isn't a directory.
std::optional<Entry> find_path(const GetObject& get, const ChunkId& root, std::string_view path);

}  // namespace cairn
