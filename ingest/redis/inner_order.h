// Order inside a value: sets and hashes in their hash table form, which a server saves in another order after each restart.
//
// The elements of such a value (its members; its fields with their values) are sorted bytewise, as they are encoded.  What undoes
// it is a list of numbers: for each element in the original order its rank among the sorted.   FORMAT.md, "RDB files".
//
// Memory:   12 bytes an element, of at most kMostInnerElements.
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ingest/redis/rdb/rdb_reader.h"
#include "store/bytes.h"

namespace cairn {

// Values that are longer, or have more elements, stay as they are.
inline constexpr size_t kMostInnerBytes = 16 << 20;
inline constexpr size_t kMostInnerElements = 1 << 20;

class InnerOrder {
 public:
  // Whether values of this type may be sorted inside.
  static bool has_order(RdbFlavor flavor, uint8_t type);

  // Sorts the value's elements into `sorted` and overwrites `ranks` with the list; both are views until the next call.
  // False, and nothing happens, when this isn't a value to be sorted: of another type, too long, not well-formed, less than 2 elements.
  bool sort(RdbFlavor flavor, uint8_t type, ByteView value);
  ByteView sorted() const { return out_; }
  ByteView ranks() const { return ranks_; }

  // How long the list of a value is that sort() made; 0 when it made none.  Finds the elements for unsort().
  size_t ranks_bytes(RdbFlavor flavor, uint8_t type, ByteView value);
  // The original of the value that ranks_bytes() has just seen, until the next call.   kCorrupt.
  ByteView unsort(ByteView value, ByteView ranks);

 private:
  bool find(RdbFlavor flavor, uint8_t type, ByteView value);
  ByteView element(ByteView value, uint32_t number) const {
    return value.subspan(begins_[number], begins_[number + 1] - begins_[number]);
  }
  std::vector<uint32_t> begins_;   // of the elements, and the end of the last
  std::vector<uint32_t> order_;
  Bytes out_, ranks_;
};

}  // namespace cairn
