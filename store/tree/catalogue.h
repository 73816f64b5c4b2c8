// The parts inside a stream (a database, a table, a key, a section): names and byte extents, kept apart from the data so that
// listing never touches a data pack.   FORMAT.md, "Catalogue".
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "store/tree/object.h"

namespace cairn {

struct Extent {
  uint64_t offset_bytes = 0;   // in the stream
  uint64_t length_bytes = 0;
  bool operator==(const Extent&) const = default;
};

struct Part {
  std::string name;      // its path in the one namespace, beneath the component
  std::string kind;      // "database", "table", "key", "section" …; at most 255 bytes
  Bytes preamble;        // what must stand before the extents so that the part stands alone
  std::vector<Extent> extents;
  std::map<std::string, std::string> properties;  // row counts, type, expiry …
  // Of the part as a file: preamble and extents.
  uint64_t size_bytes() const;
  bool operator==(const Part&) const = default;
};

// Up to 64 elements joined by '/', each a valid entry name (store/tree/entry.h); at most 64 KiB.
bool valid_part_name(std::string_view name);

// Appends all of a part but its name to `out`.  Extents are encoded as gaps from `end`, where the one before ended; it gets the end of
// the part's last one.
void append_part_body(Bytes& out, const Part& part, uint64_t& end);
// What that wrote, into `part`, whose memory is used again.   kCorrupt.
void read_part_body(Decoder& in, Part& part, uint64_t& end);

// A leaf.  Extents are encoded as gaps from the end of the one before, so a leaf doesn't change when the stream shifts; `base` is
// the offset its first gap counts from.  Returns the object; `end` gets the end of its last extent, which is the next leaf's base.
Bytes encode_catalogue_leaf(std::span<const Part> parts, uint64_t base, uint64_t& end);
// kCorrupt also for names that are impossible, unsorted or there twice.
std::vector<Part> decode_catalogue_leaf(Decoder& in, uint64_t base, uint64_t& end);

struct CatalogueChild {
  ChunkId id;
  uint64_t part_count = 0;
  int64_t advance_bytes = 0;   // from its base to its end
  std::string first_name;
  bool operator==(const CatalogueChild&) const = default;
};
Bytes encode_catalogue_branch(std::span<const CatalogueChild> children);
std::vector<CatalogueChild> decode_catalogue_branch(Decoder& in);

// Takes the parts of one stream in order and stores leaves as they fill.
// Memory: one leaf, and its branches.   Threads: one thread at a time.
class CatalogueWriter {
 public:
  // `put` must outlive this.
  explicit CatalogueWriter(const PutObject& put) : put_(put) {}
  // False for a part that no catalogue can hold: an impossible name, a kind too long, or some 200,000 extents.
  static bool holds(const Part& part);
  // Requires: sorted (bytewise), unique names.   kInvalidArgument unless holds(part).
  void add(const Part& part);
  // As add(), but false for a part that no catalogue can hold.
  bool offer(const Part& part);
  // The id of the catalogue; without parts that of an empty one.
  ChunkId finish();

 private:
  void close_leaf();
  const PutObject& put_;
  Bytes leaf_;                 // room for its beginning, and its parts, encoded
  uint64_t leaf_parts_ = 0;
  size_t leaf_weight_ = 0;     // which decides where it ends; not less than its bytes
  std::string first_name_;     // in it
  uint64_t base_ = 0, end_ = 0;   // of the extents in it
  std::vector<CatalogueChild> children_;
};

// Sorts the parts and writes them.   kInvalidArgument as add(), and for two parts of one name.
ChunkId write_catalogue(const PutObject& put, std::vector<Part> parts);

// Gives the parts of one catalogue in order of their names, from anywhere on.  Loads a leaf and the branches above it at a time.
// Errors: those of `get`; kCorrupt for what can't be: also extents beyond the content, names out of order, branches that tell
//         other counts or lengths than what is beneath them.
// Threads: one thread at a time.
class CatalogueReader {
 public:
  // `content_bytes`: length of the stream that extents must lie in.
  CatalogueReader(GetObject get, const ChunkId& root, uint64_t content_bytes);

  // The part of this name; invalidates next()'s place.
  std::optional<Part> find(std::string_view name);
  // next() shall go on with the first part whose name isn't less than `name`; "" is the beginning, where it starts anyway.
  void seek(std::string_view name);
  // Likewise by number: parts are counted from 0 in order of their names.
  void seek_number(uint64_t number);
  // Of the part that next() gives; count() at the end.
  uint64_t number() const { return leaf_number_ + at_; }
  // The next part, nullptr at the end; valid until the next call of any method.
  const Part* next();
  // Parts from `begin` on, in order, until visit returns false.
  void scan(std::string_view begin, const std::function<bool(const Part&)>& visit);
  // Parts in all of it.
  uint64_t count() const { return count_; }

 private:
  struct Level {
    std::vector<CatalogueChild> children;
    size_t at = 0;             // the next child to go into
    uint64_t base = 0;         // of that child
    uint64_t number = 0;       // of its first part
    // Goes into the next one.
    const CatalogueChild& enter() {
      base += static_cast<uint64_t>(children[at].advance_bytes);
      number += children[at].part_count;
      return children[at++];
    }
  };
  // A part to go down to: by its name, or by its number.
  struct Towards {
    std::string_view name;
    std::optional<uint64_t> number;
  };
  void open(const ChunkId& id, uint64_t base, uint64_t number, const CatalogueChild* told, Towards towards);
  void open_root(Towards towards);
  void check_leaf(const CatalogueChild* told, uint64_t base, uint64_t end) const;
  bool next_leaf();
  std::span<const Part> leaf() const { return {parts_.data(), leaf_parts_}; }
  GetObject get_;
  ChunkId root_;
  uint64_t content_bytes_, count_ = 0;
  std::vector<Level> levels_;
  std::vector<Part> parts_;    // the leaf's, and others: kept when a leaf has fewer, so that their memory is used again
  size_t leaf_parts_ = 0;
  uint64_t leaf_number_ = 0;   // of its first part
  size_t read_bytes_ = 0;      // since the others were dropped
  size_t at_ = 0;
  std::string last_name_;      // of the leaf before, for the order
};

}  // namespace cairn
