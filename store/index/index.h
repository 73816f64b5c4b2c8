// Where each chunk is: the local copy of all index segments, in a database that may be deleted at any time.
//
// What it answers rests on the repository alone: at opening it is compared with the segments and packs that are listed there.
// A segment that is new is loaded; packs that no segment mentions (a crash, a lost segment) are read from their own directories; what
// is in packs that are not there any more counts for nothing, so that the next backup uploads it again.  A database of another
// repository, an old or a damaged one, and one most of whose packs are gone, is made anew.
//
// A chunk may be in several packs (two writers at once, a compaction, a repair): all places are kept, and the answer is one in a pack
// that is whole and not condemned, if there is one.
//
// When another process of this machine writes the database, what is newer than it goes into a private one that lives as long as this.
//
// Memory:   the caches of the databases, some tens of MB.
// Threads:  find, find_many and pack are thread-safe; add_segment by one thread at a time.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>

#include "store/backend/folder_listing.h"
#include "store/gc/condemned.h"
#include "store/index/database.h"
#include "store/index/location.h"
#include "store/keys/keyring.h"
#include "store/pack/directory.h"

namespace cairn {

class Index {
 public:
  // `backend` and `keys` must outlive this.  `folder`: where the database is kept.
  Index(Backend& backend, const Keyring& keys, const std::string& folder);
  Index(Backend& backend, const Keyring& keys, std::unique_ptr<IndexDatabase> database);
  // Compared with a listing with index/ and packs/ in place of the storage as it is now.
  Index(Backend& backend, const Keyring& keys, std::unique_ptr<IndexDatabase> database, const FolderListing& seen);
  ~Index();

  // For who will ask for most chunks: a small database is read before an Index is made of it.  A damaged one is left to that.
  static void expect_all(const IndexDatabase& database);

  std::optional<Location> find(const ChunkId& id) const;
  // out[i] is where ids[i] is.  Cheaper than single questions.
  void find_many(std::span<const ChunkId> ids, std::vector<std::optional<Location>>& out) const;
  // All places of a chunk in packs that are there, the best first.
  std::vector<Location> places(const ChunkId& id) const;
  // True for chunks a new snapshot may rely on: known, and in a pack that is whole and not condemned.  `packs`, when given, gets the
  // numbers of the packs that are relied on.
  void usable_many(std::span<const ChunkId> ids, std::vector<uint8_t>& out, std::unordered_set<uint32_t>* packs = nullptr) const;

  // Compares with the repository once more: a session must not rely on what was listed before its lease stood.
  void refresh();
  void refresh(const FolderListing& seen);
  // The same for a reader that found a pack gone: a prune may have moved its chunks.  False, and nothing is done, when that was done a
  // moment ago.
  bool look_again() const;
  // Goes up whenever packs may have got other numbers (a refresh, or a damaged database built anew): Locations from before are void.
  uint64_t epoch() const { return epoch_; }

  // Packs that no new snapshot may rely on any more: a prune condemned them.  Those named before stay it.  Of several condemned packs
  // with one chunk, store/gc/condemned.h says which is the best place.
  void distrust(const Condemned& packs);

  // Everything but the chunk list of a pack.  Requires: `number` comes from a Location.
  PackInfo pack(uint32_t number) const;

  // A segment that was just written, with its packs: durable, all of them.
  void add_segment(const SegmentId& id, std::span<const PackInfo> packs);

  // Packs that are in no segment that is there; the next writer puts them into one.  Reads their directories.
  std::vector<PackInfo> adopted() const;
  // What was wrong at opening, for people: unreadable segments and packs.
  const std::vector<std::string>& problems() const { return problems_; }
  // Of packs, by listing: number, and bytes.
  uint64_t pack_count() const { return listed_.size(); }
  // Packs are numbered from 0 to this; some of them may be gone.
  uint32_t pack_numbers() const { return next_pack_; }
  bool gone(uint32_t number) const;
  bool rebuilt() const { return rebuilt_; }

 private:
  struct Listed {
    uint64_t size_bytes = 0;
    bool known = false;      // in one of the databases
    bool in_segment = false; // known from a segment that is there
    uint32_t number = 0;     // when known
  };

  FolderListing list_now() const;
  void synchronise(const FolderListing& seen);
  struct Loaded {
    PackInfo pack;
    SegmentId segment;       // zero: from the pack itself
  };
  bool database_fits(const std::vector<SegmentId>& segments);
  void load(const std::vector<SegmentId>& segments);
  void adopt_unknown_packs();
  void add(std::span<const Loaded> packs, std::span<const SegmentId> segments);
  void add_known_places(std::vector<std::pair<std::string, std::string>>& pairs) const;
  uint64_t rank(const Location& at) const;
  bool better(const Location& a, const Location& b) const;
  void mark_condemned();
  void rebuild() const;
  IndexDatabase& writable();
  template <class Call>
  auto with_database(Call call) const;

  Backend& backend_;
  const Keyring& keys_;
  mutable std::shared_mutex mu_;  // exclusive: rebuild and add
  std::unique_ptr<IndexDatabase> database_;                     // guarded by mu_
  std::unique_ptr<IndexDatabase> newer_;                        // guarded by mu_; beside a read-only database, on demand
  std::unordered_map<PackId, Listed, IdHash> listed_;           // guarded by mu_
  struct Distrusted {
    PackId id;
    uint64_t rank = 0;       // see rank()
  };
  std::unordered_map<uint32_t, Distrusted> distrusted_;         // guarded by mu_; of a wrong length, or condemned
  std::unordered_set<uint32_t> gone_;                           // guarded by mu_; numbers of packs that are not listed any more
  Condemned condemned_;                                         // guarded by mu_; outlives any rebuilding
  mutable std::atomic<int64_t> looked_ns_{0};                   // look_again's last time, by a steady clock
  std::atomic<uint64_t> epoch_{0};
  uint32_t next_pack_ = 0;                                      // guarded by mu_
  std::vector<std::string> problems_;
  bool rebuilt_ = false;
};

}  // namespace cairn
