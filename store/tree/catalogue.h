// The parts inside a stream (a database, a table, a key, a section): names and byte extents, kept apart from the data so that
// listing never touches a data pack.   FORMAT.md, "Catalogue".
#pragma once

#include <map>
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
  std::string kind;      // "database", "table", "key", "section" …
  Bytes preamble;        // what must stand before the extents so that the part stands alone
  std::vector<Extent> extents;
  std::map<std::string, std::string> properties;  // row counts, type, expiry …
  bool operator==(const Part&) const = default;
};

// A leaf.  Extents are encoded as gaps from the end of the one before, so a leaf doesn't change when the stream shifts; `base` is
// the offset its first gap counts from.  Returns the object; `end` gets the end of its last extent, which is the next leaf's base.
Bytes encode_catalogue_leaf(std::span<const Part> parts, uint64_t base, uint64_t& end);
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

}  // namespace cairn
