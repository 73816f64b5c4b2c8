// Records in memory, and what sorts them: a part of the RecordSorter.
//
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "store/bytes.h"

namespace cairn::sorting {

inline constexpr size_t kHeadBytes = 8;   // of a record, at most: two lengths of up to 28 bits

// A record's bytes: varint of the key's length, of the value's, key, value.
inline uint8_t* put_length(uint8_t* out, size_t length) {
  for (; length >= 0x80; length >>= 7) *out++ = static_cast<uint8_t>(length | 0x80);
  *out++ = static_cast<uint8_t>(length);
  return out;
}
inline const uint8_t* get_length(const uint8_t* in, size_t& length) {
  length = *in & 0x7f;
  for (unsigned shift = 7; (*in++ & 0x80) != 0 && shift < 28; shift += 7) length |= size_t{*in & 0x7fU} << shift;
  return in;
}
inline size_t put_head(uint8_t* out, size_t key_bytes, size_t value_bytes) {
  return static_cast<size_t>(put_length(put_length(out, key_bytes), value_bytes) - out);
}
inline uint8_t* put_bytes(uint8_t* out, ByteView bytes) {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

// The 8 bytes of a key from `depth` on, zeros behind its end, as a number that sorts as they do.
// Requires: 8 bytes can be read wherever the key ends.
inline uint64_t chunk_of(const uint8_t* key, size_t key_bytes, size_t depth) {
  if (key_bytes <= depth) return 0;
  uint64_t chunk;
  std::memcpy(&chunk, key + depth, sizeof chunk);
  chunk = __builtin_bswap64(chunk);
  const size_t left = key_bytes - depth;
  return left >= sizeof chunk ? chunk : chunk & ~(UINT64_MAX >> (8 * left));
}

struct Entry {
  uint64_t chunk;
  uint32_t offset;   // of the record; ascending as they were added
};

// Records in memory, in one piece: their bytes from the front; what sorts them from the end on, the last one first until sort().
class Arena {
 public:
  Arena() = default;
  explicit Arena(size_t size_bytes);

  // `value`: its pieces, `value_bytes` together.  `depth`: what sort() will have, as far as is known: looks at the key while it is
  // near.  False when it doesn't fit.
  bool add(std::string_view key, std::span<const ByteView> value, size_t value_bytes, size_t depth) {
    const size_t most = kHeadBytes + key.size() + value_bytes + sizeof(Entry);   // 8 bytes can be read behind a key
    if (used_ + most + (count_ + 1) * 2 * sizeof(Entry) > end_) return false;
    const auto offset = static_cast<uint32_t>(used_);
    uint8_t* out = bytes_.data() + used_;
    out += put_head(out, key.size(), value_bytes);
    const uint8_t* const own = out;
    out = put_bytes(out, view(key));
    for (const ByteView piece : value) out = put_bytes(out, piece);
    used_ = static_cast<size_t>(out - bytes_.data());
    if (count_ == 0) depth_ = depth;
    if (depth_ != depth) depth_ = kMixed;
    ++count_;
    *entries() = {chunk_of(own, key.size(), depth), offset};
    return true;
  }
  bool empty() const { return count_ == 0; }
  size_t size_bytes() const { return bytes_.size(); }
  void clear() { used_ = count_ = 0; }

  // Once.   Requires: all keys have the first `depth` bytes in common.
  void sort(size_t depth);
  // Requires: sorted, and nothing added since.
  std::span<const Entry> sorted() const { return {entries(), count_}; }
  const uint8_t* record(const Entry& entry) const { return bytes_.data() + entry.offset; }
  size_t record_bytes(const uint8_t* record) const {
    size_t key_bytes, value_bytes;
    const uint8_t* key = get_length(get_length(record, key_bytes), value_bytes);
    return static_cast<size_t>(key - record) + key_bytes + value_bytes;
  }

 private:
  struct Key {
    const uint8_t* bytes;
    size_t size;
  };
  struct Group {
    uint32_t begin, end;   // entries with the same bytes before `depth`
    size_t depth;
  };
  Key key(const Entry& entry) const {
    Key found;
    size_t value_bytes;
    found.bytes = get_length(get_length(record(entry), found.size), value_bytes);
    return found;
  }
  Entry* entries() const { return reinterpret_cast<Entry*>(const_cast<uint8_t*>(bytes_.data()) + end_) - count_; }
  void sort_small(std::span<Entry> group, size_t depth) const;
  void settle(Group group);
  size_t common(std::span<const Entry> group, size_t depth) const;

  static constexpr size_t kMixed = SIZE_MAX;
  Buffer bytes_;
  size_t end_ = 0;         // of the entries
  size_t used_ = 0, count_ = 0;
  size_t depth_ = 0;       // at which the chunks were looked at
  std::vector<Group> open_;   // what sort() has yet to do
};

}  // namespace cairn::sorting
