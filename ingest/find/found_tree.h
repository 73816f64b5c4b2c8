// What was found, in memory: for each directory that was searched its matches, and which of its directories hold more of them.
// A directory that many snapshots share is there once, and what is in it is told once for all of them.
//
// Memory:   some 200 bytes a version of a match, 4 bytes for every directory's version that holds it; nothing for directories
//           without matches.
// Threads:  one thread at a time.
#pragma once

#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/crypto/blake3.h"
#include "store/tree/catalogue.h"
#include "store/tree/entry.h"

namespace cairn {

// Which snapshots, by number from 0 on: runs [first, last] in ascending order, none next to another.
class SnapshotSet {
 public:
  struct Run {
    uint32_t first = 0, last = 0;
    bool operator==(const Run&) const = default;
  };
  void add(uint32_t number) { add(Run{number, number}); }
  void add(const SnapshotSet& other);
  const std::vector<Run>& runs() const { return runs_; }
  bool empty() const { return runs_.empty(); }
  uint32_t first() const { return runs_.front().first; }
  uint32_t last() const { return runs_.back().last; }
  uint64_t count() const;

 private:
  void add(Run run);
  std::vector<Run> runs_;
};

// One state of a path: what a restore would make otherwise is another version.  Of a directory: its own attributes, not what is
// in it; of a part: what the catalogue tells (size, rows, expiry), for its bytes are not looked at.
struct FoundVersion {
  std::string name;               // of a part: its path beneath the component
  EntryType type = EntryType::kFile;
  uint32_t mode = 0, uid = 0, gid = 0;
  int64_t mtime_ns = 0;           // of a directory or a part: when it was seen first
  uint64_t size_bytes = 0;        // likewise of a directory
  std::string target;             // of a symlink
  std::string part_kind;          // "" for what is no part
  std::optional<uint64_t> rows;
};

class FoundTree {
 public:
  using Node = uint32_t;
  static constexpr Node kNothing = 0;   // without matches

  FoundTree() : nodes_(1) {}

  // Equal for what is one version of a name: 16 bytes of a hash of all that makes it one.   Thread-safe.
  using Identity = std::array<uint8_t, 16>;
  static Identity identity(std::string_view name, const Entry& entry, const Part* part);

  // What one stored object (or one component with parts) holds.  Names within it may come in any order.
  class Builder {
   public:
    explicit Builder(FoundTree& tree) : tree_(tree) {}
    void add(const std::string& name, const Entry& entry, const Part* part) { add(name, entry, part, identity(name, entry, part)); }
    void add(const std::string& name, const Entry& entry, const Part* part, const Identity& identity);
    void add_directory(const std::string& name, Node node) {
      if (node != kNothing) content_.directories.emplace_back(name, node);
    }
    // Of a directory in several objects.
    void add_piece(Node node) {
      if (node != kNothing) content_.pieces.push_back(node);
    }
    // kNothing when nothing was added.
    Node finish();

   private:
    friend class FoundTree;
    struct Content {
      std::vector<uint32_t> versions;
      std::vector<std::pair<std::string, Node>> directories;
      std::vector<Node> pieces;
    };
    FoundTree& tree_;
    Content content_;
  };

  // `path` begins with the component's name; `version` and `in` are valid during the call.
  using Visit = std::function<void(const std::string& path, const FoundVersion& version, const SnapshotSet& in)>;
  // Visits every version of every path in order of the paths (a directory before what is in it), of one path by first snapshot.
  // roots[i] is the root of the snapshot of number i.
  void visit(const std::vector<Node>& roots, const Visit& visit) const;

 private:
  using Groups = std::vector<std::pair<Node, SnapshotSet>>;
  void visit(const Groups& groups, const std::string& path, const Visit& visit) const;

  std::deque<Builder::Content> nodes_;
  std::deque<FoundVersion> versions_;
  struct IdentityHash {
    size_t operator()(const Identity& identity) const {
      size_t out;
      std::memcpy(&out, identity.data(), sizeof out);
      return out;
    }
  };
  std::unordered_map<Identity, uint32_t, IdentityHash> by_identity_;
};

}  // namespace cairn
