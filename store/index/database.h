// The local database behind the index: sorted keys, disposable.  The only file that knows RocksDB.
//
// One process at a time may write (a lock file beside the database says who); the others open it as it stands, read-only.
// Errors:   DatabaseDamaged when the database's own checksums fail: throw it away and build it anew, nothing is lost.
// Memory:   32 MB of block cache; a small database is held in memory once many keys were asked for, at most 30 MB more (45 while it is read).
// Threads:  get, get_many and scan are thread-safe; ingest and clear by one thread, with nobody else at work.
// Source:   option by option in docs/index.md, section "RocksDB".
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/bytes.h"
#include "store/error.h"
#include "store/fd.h"
#include "store/index/memory_table.h"

namespace cairn {

class DatabaseDamaged : public Error {
 public:
  explicit DatabaseDamaged(const std::string& why) : Error(ErrorCode::kCorrupt, "local index: " + why) {}
};

class IndexDatabase {
 public:
  // Opens (or makes) the database in `folder`: for writing if nobody else has it, else read-only; when neither works, a private
  // one in a temporary folder that is removed at the end.
  // kShared: read-only from the beginning, so that others may write; what isn't in it then is for the caller to find out.
  enum class Access { kOwn, kShared };
  explicit IndexDatabase(const std::string& folder, Access access = Access::kOwn);
  // One of its own, in a temporary folder that is removed at the end.
  IndexDatabase();
  ~IndexDatabase();

  // False: opened read-only, because another process writes or may want to.
  bool writable() const { return writable_; }
  std::optional<std::string> get(std::string_view key) const;
  // Calls found(i, value), valid during the call, for each of the keys that has a value, in order.   Requires: keys sorted.
  void get_many(const std::vector<std::string_view>& keys, const std::function<void(size_t, std::string_view)>& found) const;
  // For who will ask for most keys that begin with this byte: a small database is held in memory from now on.
  void expect_all(char first_byte) const;
  // True once so many keys were asked for that all of a kind were read.
  bool in_memory() const { return loaded_; }
  // Calls visit(key, value) for all keys with this prefix, in order.
  void scan(std::string_view prefix, const std::function<void(std::string_view, std::string_view)>& visit) const;
  // Adds sorted, unique pairs in one atomic step.  Requires: writable().
  void ingest(const std::vector<std::pair<std::string, std::string>>& pairs);
  // Throws everything away.  A read-only database is exchanged for a private one.
  void clear();

 private:
  struct Handle;
  void open(Access access);
  void open_private();
  uint64_t count_keys() const;
  std::optional<MemoryTable> read_all(char first_byte) const;
  bool load_into_memory(char first_byte) const;
  void forget_memory();
  std::string folder_;
  std::string private_folder_;  // "" unless a private one is in use
  Fd lock_;                     // holds flock(2) on folder_/../index.lock while writable and shared
  bool writable_ = false;
  uint64_t next_file_ = 0;
  std::unique_ptr<Handle> handle_;
  mutable std::atomic<uint64_t> asked_{0};            // keys, since the last change
  mutable std::atomic<uint64_t> load_at_{0};          // so many asked keys make loading worth it; 0: not known yet
  mutable std::mutex loading_;
  mutable std::atomic<bool> loaded_{false};           // table_ stays as it is until the next change
  mutable MemoryTable table_;                         // all keys that begin with loaded_byte_
  mutable char loaded_byte_ = 0;
};

}  // namespace cairn
