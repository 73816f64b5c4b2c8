// snapshots/ID: one run over one or more components; the only root of reachability.
//
// Layout: a boxed sealed file (store/sealed_file.h); its content is tagged fields (FORMAT.md, "Snapshot"): tag varint, length varint,
// value.  Unknown tags are skipped, so later versions may add fields.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/notes/witness.h"
#include "store/sealed_file.h"
#include "store/tree/entry.h"

namespace cairn {

enum class ComponentKind : uint8_t { kTree = 1, kStream = 2, kPostgres = 3, kRedis = 4, kDocument = 5, kBucket = 6 };
std::string_view component_kind_name(ComponentKind kind);
// Its entry is a directory of files; others are one stream.
constexpr bool is_tree(ComponentKind kind) { return kind == ComponentKind::kTree || kind == ComponentKind::kBucket; }

// How it is known that what was saved is whole.
enum class Completeness : uint8_t {
  kComplete = 1,     // everything could be read; a command ended well
  kUnverified = 2,   // a plain pipe: nobody knows how its writer ended
  kIncomplete = 3,   // some files could not be read, or a dump lacks its end
};

struct ComponentInfo {
  std::string name;             // the first element of every path in it; its entry in the root directory has the same name
  ComponentKind kind = ComponentKind::kTree;
  std::string source;           // as given, without secrets
  Completeness completeness = Completeness::kComplete;
  uint64_t size_bytes = 0, file_count = 0;
  uint64_t new_bytes = 0;       // plaintext not seen before
  uint64_t stored_bytes = 0;    // its frames, compressed
  std::map<std::string, std::string> properties;   // server version, dump time, row counts …
  ChunkId catalogue;            // parts; zero without
  std::string transform;        // name of the reversible rewriting, "" without
  Bytes transform_recipe;       // what undoing it needs, when that is short
  ChunkId recipe_list;          // else the root of a chunk list that holds it, recipe_bytes long; zero without
  uint64_t recipe_bytes = 0;
  bool operator==(const ComponentInfo&) const = default;
};

struct SnapshotStats {
  uint64_t files_new = 0, files_changed = 0, files_unmodified = 0, files_failed = 0, sockets_skipped = 0;
  uint64_t bytes_read = 0;      // from the sources
  uint64_t bytes_new = 0;       // plaintext not seen before
  uint64_t bytes_stored = 0;    // added to the repository
  uint64_t duration_ns = 0;
  bool operator==(const SnapshotStats&) const = default;
};

struct Manifest {
  SnapshotId id;                // of the file; not in the content
  ClientId author;              // who signed it; not in the content
  Role author_role = Role::kOwner;   // likewise
  Witness witness{};            // of the file; not in the content
  int64_t received_ns = 0;      // the rest of these five are what list_snapshots() knows: when its file came, by the storage's clock
  bool is_protected = false;    // an owner said that it must stay
  int64_t verified_ns = 0;      // when it was last found whole; 0: never
  bool late = false;            // its lease was revoked before it came, and nobody has found it whole since
  int64_t time_ns = 0;          // when the run began
  std::string host, user, program;
  std::vector<std::string> tags;     // sorted
  ChunkId root;                      // directory whose entries are the components
  std::vector<ComponentInfo> components;  // sorted by name
  std::map<uint32_t, std::string> users, groups;  // names of the owners in the trees
  LeaseId lease;
  uint64_t generation = 0;           // of the gc lists, when the lease was taken
  uint64_t sequence = 0;             // of this author, from 1
  SnapshotId previous;               // the author's snapshot before, zero for the first
  SnapshotId origin;                 // the snapshot that this one was made from (a copy, a repair, fewer components); zero without
  ClientId original_author;          // who signed that one; zero without.  An owner's word: see credited_author()
  SnapshotStats stats;

  // The author, or the one that it was made from another's snapshot for.
  const ClientId& credited_author() const { return original_author.is_zero() ? author : original_author; }
  const ComponentInfo* component(std::string_view name) const;
  uint64_t size_bytes() const;
  uint64_t file_count() const;

  Bytes encode_content() const;
  // Everything but id and author.
  static Manifest decode_content(ByteView content, std::string_view name);
  Bytes encode(const Keyring& keys, Suite suite) const;
  static Manifest decode(ByteView file, const SnapshotId& id, const Keyring& keys);
};

}  // namespace cairn
