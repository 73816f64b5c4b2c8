// Directories as tree objects: entries sorted by name, stored by column so that they compress well.
//
// Layout: FORMAT.md, "Directory".   Names are checked when read: sorted, unique, valid_entry_name().
#pragma once

#include <optional>
#include <vector>

#include "store/tree/directory_leaf.h"
#include "store/tree/entry.h"
#include "store/tree/object.h"

namespace cairn {

// A child of a branch.
struct DirectoryChild {
  ChunkId id;
  uint64_t entry_count = 0;   // beneath it
  std::string first_name;
};
Bytes encode_directory_branch(std::span<const DirectoryChild> children);
std::vector<DirectoryChild> decode_directory_branch(Decoder& in);

// Takes the entries of one directory in order and stores leaves as they fill.
// Memory: one leaf, and its branches.   Threads: one thread at a time.
class DirectoryWriter {
 public:
  explicit DirectoryWriter(const PutObject& put) : put_(put) {}
  // Requires: sorted, unique names.
  void add(Entry entry);
  // The id of the directory.
  ChunkId finish();
  // Sums over the entries: bytes of files, entries that aren't directories, recursively.
  uint64_t size_bytes() const { return size_bytes_; }
  uint64_t file_count() const { return file_count_; }

 private:
  void close_leaf();
  const PutObject& put_;
  std::vector<Entry> leaf_;
  size_t leaf_bytes_ = 0;
  std::vector<DirectoryChild> children_;
  uint64_t size_bytes_ = 0, file_count_ = 0;
};

// Gives the entries of one directory in order, leaf by leaf.   Threads: one thread at a time.
class DirectoryReader {
 public:
  DirectoryReader(GetObject get, const ChunkId& root);
  // The next entry, nullptr at the end; valid until the next call.
  const Entry* next();
  // The entry of this name.  Loads only the leaf that may hold it.
  static std::optional<Entry> find(const GetObject& get, const ChunkId& root, std::string_view name);

 private:
  struct Level {
    std::vector<DirectoryChild> children;
    size_t at = 0;
  };
  void descend(const ChunkId& id);
  GetObject get_;
  std::vector<Level> levels_;
  std::vector<Entry> leaf_;
  size_t at_ = 0;
  std::string last_name_;
  bool any_ = false;
};

}  // namespace cairn
