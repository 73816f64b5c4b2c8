// Where each chunk is: the local copy of all index segments, in a database that may be deleted at any time.
//
// What it answers rests on the repository alone: at opening it is compared with the segments and packs that are listed there.
// A segment that is new is loaded, one that vanished (or a database of another repository, an old or damaged one) makes it start
// anew; packs that no segment mentions (a crash, a lost segment) are read from their own directories; packs that are not there
// any more are forgotten, so that the next backup uploads their chunks again.
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

#include "store/backend/backend.h"
#include "store/index/database.h"
#include "store/keys/keyring.h"
#include "store/pack/directory.h"

namespace cairn {

// Where a chunk is.
struct Location {
  uint32_t pack = 0;          // local number of the pack: see Index::pack()
  uint32_t frame = 0;         // position in PackInfo::frames
  uint32_t offset_bytes = 0;  // in the frame's plaintext
  uint32_t length_bytes = 0;
  bool operator==(const Location&) const = default;
};

class Index {
 public:
  // `backend` and `keys` must outlive this.  `folder`: where the database is kept.
  Index(Backend& backend, const Keyring& keys, const std::string& folder);
  Index(Backend& backend, const Keyring& keys, std::unique_ptr<IndexDatabase> database);
  ~Index();

  std::optional<Location> find(const ChunkId& id) const;
  // out[i] is where ids[i] is.  Cheaper than single questions.
  void find_many(std::span<const ChunkId> ids, std::vector<std::optional<Location>>& out) const;
  // True for chunks a new snapshot may rely on: known, and in a pack that is whole and not condemned.
  void usable_many(std::span<const ChunkId> ids, std::vector<uint8_t>& out) const;

  // Compares with the repository once more: a session must not rely on what was listed before its lease stood.
  void refresh();
  // Goes up whenever packs may have got other numbers (a refresh, or a damaged database built anew): Locations from before are void.
  uint64_t epoch() const { return epoch_; }

  // Packs that no new snapshot may rely on any more: a prune condemned them.
  void distrust(const std::unordered_set<PackId, IdHash>& packs);

  // Everything but the chunk list of a pack.  Requires: `number` comes from a Location.
  PackInfo pack(uint32_t number) const;

  // A segment that was just written, with its packs: durable, all of them.
  void add_segment(const SegmentId& id, std::span<const PackInfo> packs);

  // Packs found without a segment; the next writer puts them into one.
  const std::vector<PackInfo>& adopted() const { return adopted_; }
  // What was wrong at opening, for people: unreadable segments and packs.
  const std::vector<std::string>& problems() const { return problems_; }
  // Of packs, by listing: number, and bytes.
  uint64_t pack_count() const { return listed_.size(); }
  // Packs are numbered from 0 to this.
  uint32_t pack_numbers() const { return next_pack_; }
  bool rebuilt() const { return rebuilt_; }

 private:
  struct Listed {
    uint64_t size_bytes = 0;
    bool known = false;      // in one of the databases
  };

  void synchronise();
  bool database_fits(const std::vector<SegmentId>& segments);
  void load(const std::vector<SegmentId>& segments);
  void adopt_unknown_packs();
  void add(std::span<const PackInfo> packs, std::span<const SegmentId> segments);
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
  std::unordered_map<uint32_t, bool> distrusted_;               // guarded by mu_; of a wrong length, or condemned
  std::unordered_set<PackId, IdHash> condemned_;                // guarded by mu_; outlives any rebuilding
  std::atomic<uint64_t> epoch_{0};
  uint32_t next_pack_ = 0;                                      // guarded by mu_
  std::vector<PackInfo> adopted_;
  std::vector<std::string> problems_;
  bool rebuilt_ = false;
};

}  // namespace cairn
