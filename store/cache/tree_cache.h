// What a key that may only write remembers of its own snapshots: their trees, to recognise unchanged files, and their manifests, to
// continue its line of snapshots.  It can read neither in the repository.  Disposable: without it every file is read again.
//
// Files:    <cache folder>/trees/NAME, one for each snapshot that is still the newest of its author and host with some component.
// Layout:   magic "cairntc1" | file id 32 | sealed objects, one after the other | sealed head | u64 length of the sealed head.
//           Everything is sealed under K_cache with the file id and the object's id (or "head") as associated data, so nothing in it
//           can be read without a key, or changed.  Head: snapshot id 32, author 32, manifest content (bytes), varint count, for each
//           object id 32, varint sealed length.
// Trust:    it says what a file looked like when it was read, no more: that its chunks are still stored is for the index to say.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "store/fd.h"
#include "store/snapshot/manifest.h"
#include "store/tree/object.h"

namespace cairn {

// One file.   Memory: 48 bytes an object.   Threads: thread-safe.
class TreeCache {
 public:
  // nullptr for what isn't whole, or is another repository's: as good as none.   `keys` must outlive this, and have the dedup secret.
  static std::unique_ptr<TreeCache> open(const std::string& path, const Keyring& keys);

  // kCorrupt where open() gives nullptr.
  TreeCache(const std::string& path, const Keyring& keys);

  const Manifest& manifest() const { return manifest_; }
  // The object, its id computed again.  kNotFound, kCorrupt, kIo.
  Buffer get(const ChunkId& id) const;
  bool has(const ChunkId& id) const { return places_.contains(id); }

 private:
  struct Place {
    uint64_t offset = 0;
    uint32_t length = 0;
  };
  bool load();
  const Keyring& keys_;
  Fd file_;
  Bytes file_id_;
  Manifest manifest_;
  std::unordered_map<ChunkId, Place, IdHash> places_;
};

// All that there are beneath `cache_folder`, oldest first.   Threads: thread-safe.
class TreeCaches {
 public:
  TreeCaches(const std::string& cache_folder, const Keyring& keys);
  std::vector<Manifest> manifests() const;
  // Of the newest that has it.  kNotFound, kCorrupt, kIo.
  Buffer get(const ChunkId& id) const;

 private:
  std::vector<std::unique_ptr<TreeCache>> caches_;
};

// The file of a snapshot that is being made.  Trouble with it (a full disk) is no trouble of the backup: it ends in trouble().
// Threads:  add() is thread-safe; the rest by one thread.
class TreeCacheWriter {
 public:
  // `keys` must outlive this, and have the dedup secret.
  TreeCacheWriter(const std::string& cache_folder, const Keyring& keys);
  ~TreeCacheWriter();

  // An object of the new snapshot; one that is there already is passed over.
  void add(const ChunkId& id, ByteView object);
  // Puts it in place and removes the files that are no snapshot's newest word any more.  Requires: `manifest` is committed.
  void finish(const Manifest& manifest);
  // Why there will be no file; "" when all is well.
  const std::string& trouble() const { return trouble_; }

 private:
  void append(ByteView bytes);
  void flush();
  void remove_superseded() const;
  const Keyring& keys_;
  std::string folder_, path_;
  Secret cache_key_;
  Bytes file_id_;
  Fd file_;
  std::mutex mu_;
  Bytes waiting_;                                          // guarded by mu_
  std::vector<std::pair<ChunkId, uint32_t>> objects_;      // guarded by mu_; in the order of the file, with their sealed lengths
  std::unordered_set<ChunkId, IdHash> added_;              // guarded by mu_
  std::string trouble_;                                    // guarded by mu_
};

}  // namespace cairn
