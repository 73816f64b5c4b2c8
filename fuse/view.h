// What a mounted repository shows: a tree of nodes to look up, list and read.  Knows nothing of FUSE.
//
// Nodes:    1 is the root; of the other directories above the snapshots each has a number of its own; else the upper half is that of a
//           directory, the lower half 0 for the directory itself, or the number of an entry in it plus one.  So nothing is remembered of
//           files.  The inode number that users see is another one: made of names, so that it is the same in every mount, and one for
//           all names of a hard-linked file.
// Memory:   caches (see the constructor), some 200 bytes for each directory that the kernel knows.
// Threads:  thread-safe.
// Errors:   Gone for what isn't there (any more); Error (kCorrupt, kIo, kNotFound of the store's) for what can't be had.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "fuse/file_reader.h"
#include "fuse/part_directories.h"
#include "fuse/snapshot_source.h"
#include "fuse/tree_directories.h"
#include "store/error.h"

namespace cairn {

struct ViewOptions {
  size_t tree_cache_bytes = 24 << 20;      // decoded directories
  size_t block_cache_bytes = 40 << 20;     // of long files that are read in order
  size_t reader_cache_bytes = 3 << 20;     // of each reader
  size_t read_ahead_threads = 2;
  int64_t look_every_ns = SnapshotSource::kLookEveryNs;
};

// What was asked for isn't there any more: its snapshot is forgotten, or the kernel forgot the directory.
class Gone : public Error {
 public:
  explicit Gone(const std::string& what) : Error(ErrorCode::kNotFound, what + ": is not there (any more)") {}
};

// Something found.
struct Found {
  NodeId node = 0;           // 0: not asked for
  struct stat status = {};
  bool lasting = true;       // false: may be another one in a moment
};

class View {
 public:
  static constexpr NodeId kRoot = 1;

  // Both must outlive this.
  View(Repository& repository, Monitor& monitor, const ViewOptions& options = {});

  // nullopt: nothing of that name.  The node stays known until forget().
  std::optional<Found> lookup(NodeId directory, const std::string& name);
  Found status(NodeId node);
  std::string link_target(NodeId node);
  // Visits what is in a directory from `offset` on (0: all); `next` is the offset of what follows.  False: no more, this one wasn't taken.
  // `with_nodes`: entries are given with their nodes, those that weren't taken needn't be forgotten.  `visit` must not call the view.
  using Visit = std::function<bool(const std::string& name, const Found& found, uint64_t next)>;
  void list(NodeId directory, uint64_t offset, bool with_nodes, const Visit& visit);
  std::vector<Xattr> xattrs(NodeId node);
  void read(NodeId file, uint64_t offset, size_t size, const Reply& reply);

  // A directory whose node was given `times` times isn't known any more.  Of other nodes: nothing to do.
  void forget(NodeId node, uint64_t times);

  // For messages: "by-id/0123456789abcdef/media/a.png".
  std::string path(NodeId node);
  // Of directories that are remembered.
  size_t directories() const;
  // Does now what the first read would wait for.
  void warm_up() { readers_.open_index(); }

 private:
  // A directory in a snapshot.
  struct Directory {
    uint32_t parent = 0;             // its number, 0: a directory above the snapshots
    uint64_t place = 0;              // in the parent: number of its entry; above the snapshots: its node
    std::string name;
    uint64_t inode = 0, group_seed = 0;
    const Manifest* snapshot = nullptr;
    ChunkId object;                  // of a tree
    const ComponentInfo* component = nullptr;   // with parts
    std::string part_path;           // beneath that
    bool is_root() const { return parent == 0; }
    PartedComponent parted() const { return {snapshot, component}; }
  };
  struct Remembered {
    Directory directory;
    uint64_t lookups = 0;
  };
  struct PlaceKey {
    uint32_t parent = 0;
    uint64_t place = 0;
    bool operator==(const PlaceKey&) const = default;
  };
  struct PlaceHash {
    size_t operator()(const PlaceKey& key) const { return std::hash<uint64_t>()((key.place << 24) ^ key.parent); }
  };

  static uint32_t directory_of(NodeId node) { return static_cast<uint32_t>(node >> 32); }
  static uint32_t entry_of(NodeId node) { return static_cast<uint32_t>(node); }
  bool is_above(NodeId node) const { return directory_of(node) == 0; }

  Directory directory(uint32_t number) const;
  NodeId enter(uint32_t parent, const Directory& of, uint64_t place, const Entry& entry);
  Found found(uint32_t parent, const Directory& of, uint64_t place, const Entry& entry, bool with_node);
  const ComponentInfo* parted_component(const Directory& of, const Entry& entry) const;
  Entry shown(const Directory& of, const Entry& entry);
  // Calls use(const Directory&, const Entry&) for an entry, of a directory or in one.
  template <class Use>
  auto with_entry(NodeId node, Use use);

  std::string path_above(NodeId node) const;
  // A link that points elsewhere is another node: what the kernel keeps of the old one is not shown for it.
  NodeId node_above(const std::string& path, const std::string& target = "");
  NodeId snapshot_node(const SnapshotName& name);
  Found found_above(const std::string& path, const SnapshotName& name, bool with_node);
  void list_above(const std::string& path, uint64_t offset, bool with_nodes, const Visit& visit);

  Repository& repository_;
  ReaderPool readers_;
  TreeDirectories trees_;
  PartDirectories parts_;
  SnapshotSource snapshots_;
  FileReader files_;
  mutable std::shared_mutex mu_;
  struct Above {
    std::string path, target;        // of a link
    auto operator<=>(const Above&) const = default;
  };
  std::vector<Above> above_ = std::vector<Above>(2);                      // guarded by mu_, as is all below; by node
  std::map<Above, NodeId> above_nodes_{{Above(), kRoot}};
  std::unordered_map<uint32_t, Remembered> directories_;
  std::unordered_map<PlaceKey, uint32_t, PlaceHash> numbers_;
  uint32_t last_number_ = 0;
};

}  // namespace cairn
