#include "ingest/redis/inner_order.h"

#include <algorithm>
#include <bit>

#include "ingest/redis/rdb/rdb_walk.h"
#include "store/error.h"

namespace cairn {

namespace {

// What an element is made of, in the letters of rdb_types.h.
struct Shape {
  size_t skip_bytes = 0;   // before the count
  std::string_view parts;  // "" : not to be sorted
};

Shape shape_of(RdbFlavor flavor, uint8_t type) {
  const bool valkey = flavor == RdbFlavor::kValkey;
  switch (type) {
    case 2: return {0, "s"};                         // set
    case 4: return {0, "ss"};                        // hash
    case 22: return {0, valkey ? "ss8" : "lss"};     // hash whose fields expire
    case 24: return valkey ? Shape{} : Shape{8, "lss"};
    default: return {};
  }
}

// Moves `p` behind `size` bytes if they are there.
bool skip(const uint8_t*& p, const uint8_t* end, uint64_t size) {
  if (size > static_cast<uint64_t>(end - p)) return false;
  p += size;
  return true;
}

bool skip_element(const uint8_t*& p, const uint8_t* end, std::string_view parts) {
  for (const char part : parts) {
    uint64_t size = 8;
    if (part == 'l') {
      if (rdb::length(p, end, size) != rdb::Walk::kDone) return false;
      continue;
    }
    if (part == 's') {
      rdb::StringHead head;
      if (rdb::string_head(p, end, head) != rdb::Walk::kDone) return false;
      size = head.stored_bytes;
    }
    if (!skip(p, end, size)) return false;
  }
  return true;
}

unsigned rank_bits(size_t count) { return static_cast<unsigned>(std::bit_width(count - 1)); }
size_t list_bytes(size_t count) { return (count * rank_bits(count) + 7) / 8; }

// Bytewise.
bool less(ByteView a, ByteView b) {
  const int order = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
  return order != 0 ? order < 0 : a.size() < b.size();
}

}  // namespace

bool InnerOrder::has_order(RdbFlavor flavor, uint8_t type) { return !shape_of(flavor, type).parts.empty(); }

bool InnerOrder::find(RdbFlavor flavor, uint8_t type, ByteView value) {
  const Shape shape = shape_of(flavor, type);
  if (shape.parts.empty() || value.size() > kMostInnerBytes) return false;
  const uint8_t *p = value.data(), *end = p + value.size();
  uint64_t count = 0;
  if (!skip(p, end, shape.skip_bytes) || rdb::length(p, end, count) != rdb::Walk::kDone) return false;
  if (count < 2 || count > kMostInnerElements || count > value.size()) return false;
  begins_.clear();
  for (uint64_t i = 0; i < count; ++i) {
    begins_.push_back(static_cast<uint32_t>(p - value.data()));
    if (!skip_element(p, end, shape.parts)) return false;
  }
  begins_.push_back(static_cast<uint32_t>(value.size()));
  return p == end;
}

bool InnerOrder::sort(RdbFlavor flavor, uint8_t type, ByteView value) {
  if (!find(flavor, type, value)) return false;
  const size_t count = begins_.size() - 1;
  order_.resize(count);
  for (size_t i = 0; i < count; ++i) order_[i] = static_cast<uint32_t>(i);
  std::ranges::sort(order_, [&](uint32_t a, uint32_t b) {
    const ByteView x = element(value, a), y = element(value, b);
    if (less(x, y)) return true;
    return a < b && !less(y, x);
  });
  out_.resize(value.size());
  std::memcpy(out_.data(), value.data(), begins_[0]);
  size_t at = begins_[0];
  const unsigned bits = rank_bits(count);
  ranks_.assign(list_bytes(count), 0);
  for (size_t rank = 0; rank < count; ++rank) {
    const ByteView one = element(value, order_[rank]);
    std::memcpy(out_.data() + at, one.data(), one.size());
    at += one.size();
    uint64_t bit = uint64_t{order_[rank]} * bits;
    for (uint64_t left = rank; left != 0; left >>= 1, ++bit)
      if (left & 1) ranks_[bit / 8] = static_cast<uint8_t>(ranks_[bit / 8] | 1 << bit % 8);
  }
  return true;
}

size_t InnerOrder::ranks_bytes(RdbFlavor flavor, uint8_t type, ByteView value) {
  return find(flavor, type, value) ? list_bytes(begins_.size() - 1) : 0;
}

ByteView InnerOrder::unsort(ByteView value, ByteView ranks) {
  const size_t count = begins_.size() - 1;
  const unsigned bits = rank_bits(count);
  order_.assign(count, 0);   // which were used: of each rank only one may be there, or the value could grow
  out_.resize(value.size());
  std::memcpy(out_.data(), value.data(), begins_[0]);
  size_t at = begins_[0];
  uint64_t bit = 0;
  for (size_t i = 0; i < count; ++i) {
    uint32_t rank = 0;
    for (unsigned b = 0; b < bits; ++b, ++bit) rank |= (uint32_t{ranks[bit / 8]} >> bit % 8 & 1) << b;
    if (rank >= count || order_[rank] != 0) throw Error(ErrorCode::kCorrupt, "an RDB file: the order inside a value isn't one");
    order_[rank] = 1;
    const ByteView one = element(value, rank);
    std::memcpy(out_.data() + at, one.data(), one.size());
    at += one.size();
  }
  return out_;
}

}  // namespace cairn
