// Tree objects: the small things a snapshot is made of (directories, chunk lists, catalogues).  Each is a chunk in a tree pack.
// Whatever can grow long is a list of leaves cut by content under branches that hold counts and lengths, never offsets, so that an
// edit in the middle rewrites a leaf and its branches and shares the rest.
#pragma once

#include <functional>

#include "store/coding.h"
#include "store/id.h"

namespace cairn {

enum class ObjectKind : uint8_t {
  kDirectoryLeaf = 1, kDirectoryBranch = 2, kChunkListLeaf = 3, kChunkListBranch = 4, kCatalogueLeaf = 5, kCatalogueBranch = 6
};
constexpr uint8_t kObjectVersion = 1;
constexpr size_t kMostObjectBytes = 4 << 20;
constexpr int kMostObjectLevels = 16;  // of branches above a leaf; more is a cycle or an attack

// Stores an object, or finds that it is stored already; returns its id.
using PutObject = std::function<ChunkId(ByteView)>;
// Loads and verifies an object.  kCorrupt, kNotFound, naming the id.
using GetObject = std::function<Buffer(const ChunkId&)>;

inline Encoder begin_object(ObjectKind kind) {
  Encoder out;
  out.u8(static_cast<uint8_t>(kind));
  out.u8(kObjectVersion);
  return out;
}

// Reads kind and version; kUnsupported for a newer version.
inline ObjectKind open_object(Decoder& in) {
  uint8_t kind = in.u8(), version = in.u8();
  if (kind < 1 || kind > 6) in.fail("not a tree object");
  if (version != kObjectVersion)
    throw Error(ErrorCode::kUnsupported, "tree object: version " + std::to_string(version) + " is newer than this cairn understands");
  return static_cast<ObjectKind>(kind);
}

inline std::string object_name(const ChunkId& id) { return "tree object " + to_hex(id.view().first(8)); }

}  // namespace cairn
