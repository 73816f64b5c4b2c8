// One name in a directory: what a root restore must bring back, and where its content is.
// The root of a snapshot is a directory too: its entries are the components.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/bytes.h"
#include "store/id.h"

namespace cairn {

enum class EntryType : uint8_t {
  kFile = 1, kDirectory = 2, kSymlink = 3, kFifo = 4, kCharDevice = 5, kBlockDevice = 6  // sockets are never stored
};

// A run of a file's content.  A zero id is a run of zeros (a hole, or a chunk of zeros), which is never stored.
struct ChunkRef {
  ChunkId id;
  uint64_t length_bytes = 0;
  bool is_zeros() const { return id.is_zero(); }
  bool operator==(const ChunkRef&) const = default;
};

struct Content {
  enum class Kind : uint8_t {
    kNone = 0,    // no content, or an empty file
    kInline = 1,  // the bytes themselves, in the entry
    kChunks = 2,  // the references themselves, in the entry
    kList = 3,    // the root of a chunk list (store/tree/chunk_list.h)
  };
  Kind kind = Kind::kNone;
  Bytes inline_bytes;
  std::vector<ChunkRef> chunks;
  ChunkId list;
  bool operator==(const Content&) const = default;
};

struct Xattr {
  std::string name;   // with its namespace: "user.x", "system.posix_acl_access", "security.capability"
  Bytes value;
  bool operator==(const Xattr&) const = default;
};

struct Entry {
  std::string name;        // bytes as the file system has them; never empty, ".", "..", nor with '/' or NUL
  EntryType type = EntryType::kFile;
  uint32_t mode = 0;       // permission, setuid, setgid and sticky bits (07777)
  uint32_t uid = 0, gid = 0;  // names for them are kept once a snapshot (store/snapshot/manifest.h)
  int64_t mtime_ns = 0;    // since the epoch, may be negative
  int64_t ctime_ns = 0;
  uint64_t inode = 0;
  uint64_t size_bytes = 0;  // file: logical length; directory: sum of the files beneath; else 0
  uint64_t file_count = 0;  // directory: entries beneath that aren't directories; else 0
  uint64_t link_group = 0;  // 0, or the same non-zero number for all names of one hard-linked file within a component
  uint64_t device = 0;      // makedev() number of a device node
  std::string target;       // of a symlink
  std::vector<Xattr> xattrs;  // sorted by name
  Content content;          // of a file
  ChunkId directory;        // of a directory: its first tree object
  bool racy = false;        // changed so shortly before it was read that equal times prove nothing: read again next time
  bool damaged_source = false;  // changed or shrank while it was read: saved as well as possible
  bool operator==(const Entry&) const = default;
};

// Directories nest at most this deep: a backup goes no further, and readers take more for an attack on their stack.
constexpr int kMostDirectoryDepth = 4096;
// Throws kCorrupt when `path` is that of something deeper.
void require_depth(std::string_view path);

// What a name must be to be stored or restored: not empty, not "." or "..", no '/' and no NUL, at most 4096 bytes.
bool valid_entry_name(std::string_view name);

}  // namespace cairn
