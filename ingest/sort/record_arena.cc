#include "ingest/sort/record_arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace cairn::sorting {

namespace {

constexpr size_t kSmallGroup = 32;    // sorted by comparing keys
constexpr size_t kSmallRadix = 256;   // sorted by comparing chunks
constexpr size_t kHugePage = 2 << 20;
constexpr size_t kApart = 4;          // so many times as many values as there are

bool by_chunk(const Entry& a, const Entry& b) { return a.chunk != b.chunk ? a.chunk < b.chunk : a.offset < b.offset; }

// By chunk; what has the same stays in order, which is that of the offsets.
void sort_by_chunk(std::span<Entry> entries, Entry* scratch) {
  if (entries.size() < kSmallRadix) return std::sort(entries.begin(), entries.end(), by_chunk);
  std::array<std::array<uint32_t, 256>, 8> counts{};
  for (const Entry& entry : entries)
    for (unsigned byte = 0; byte < 8; ++byte) ++counts[byte][entry.chunk >> (8 * byte) & 0xff];
  // By the highest bytes, as many as tell most of them apart if the bytes are independent; what is left is few.
  unsigned lowest = 8;
  for (size_t apart = 1; lowest > 0 && apart < kApart * entries.size();)
    apart *= 256 - static_cast<size_t>(std::ranges::count(counts[--lowest], 0u));
  Entry* from = entries.data();
  Entry* to = scratch;
  for (unsigned byte = lowest; byte < 8; ++byte) {
    std::array<uint32_t, 256>& count = counts[byte];
    if (count[from->chunk >> (8 * byte) & 0xff] == entries.size()) continue;
    uint32_t begin = 0;
    for (uint32_t& n : count) begin += std::exchange(n, begin);
    for (const Entry *entry = from, *end = from + entries.size(); entry != end; ++entry)
      to[count[entry->chunk >> (8 * byte) & 0xff]++] = *entry;
    std::swap(from, to);
  }
  if (from != entries.data()) std::memcpy(entries.data(), from, entries.size_bytes());
  if (lowest == 0) return;
  const auto high = [&](const Entry& entry) { return entry.chunk >> (8 * lowest); };
  for (auto begin = entries.begin(), end = begin; begin != entries.end(); begin = end) {
    for (end = begin + 1; end != entries.end() && high(*end) == high(*begin);) ++end;
    if (end - begin > 1) std::sort(begin, end, by_chunk);
  }
}

}  // namespace

Arena::Arena(size_t size_bytes) : bytes_(size_bytes), end_(size_bytes / sizeof(Entry) * sizeof(Entry)) {
  // Sorted records are taken from all over it: on small pages most of the time would go into finding these.
  void* begin = bytes_.data();
  size_t room = size_bytes;
  if (std::align(kHugePage, kHugePage, begin, room) != nullptr) ::madvise(begin, room / kHugePage * kHugePage, MADV_HUGEPAGE);
}

void Arena::sort(size_t depth) {
  Entry* const all = entries();
  std::reverse(all, all + count_);
  open_.push_back({0, static_cast<uint32_t>(count_), depth});
  for (bool known = depth == depth_; !open_.empty(); known = false) {
    const Group group = open_.back();
    open_.pop_back();
    std::span<Entry> entries(all + group.begin, all + group.end);
    for (Entry& entry : known ? std::span<Entry>() : entries) {
      const Key found = key(entry);
      entry.chunk = chunk_of(found.bytes, found.size, group.depth);
    }
    sort_by_chunk(entries, all - count_);
    for (uint32_t begin = group.begin, end = begin; begin < group.end; begin = end) {
      for (end = begin + 1; end < group.end && all[end].chunk == all[begin].chunk;) ++end;
      if (end - begin > 1) settle({begin, end, group.depth});
    }
  }
}

void Arena::sort_small(std::span<Entry> group, size_t depth) const {
  std::sort(group.begin(), group.end(), [&](const Entry& a, const Entry& b) {
    const Key left = key(a), right = key(b);
    const size_t both = std::min(left.size, right.size);
    const int order = both > depth ? std::memcmp(left.bytes + depth, right.bytes + depth, both - depth) : 0;
    if (order != 0) return order < 0;
    return left.size != right.size ? left.size < right.size : a.offset < b.offset;
  });
}

// The length of what keys longer than `depth` have in common.   Requires: they have `depth` bytes in common.
size_t Arena::common(std::span<const Entry> group, size_t depth) const {
  const Key first = key(group.front());
  size_t length = first.size;
  for (const Entry& entry : group.subspan(1)) {
    const Key other = key(entry);
    const uint8_t* end = first.bytes + std::min(length, other.size);
    length = static_cast<size_t>(std::mismatch(first.bytes + depth, end, other.bytes + depth).first - first.bytes);
  }
  return length;
}

// Brings a group of equal chunks in order, or leaves for later what needs another chunk.
void Arena::settle(Group group) {
  std::span<Entry> entries(this->entries() + group.begin, this->entries() + group.end);
  if (entries.size() <= kSmallGroup) return sort_small(entries, group.depth);
  // Keys that end within the chunk differ in length alone, and come before those that go on.
  for (Entry& entry : entries) {
    const size_t size = key(entry).size;
    entry.chunk = size <= group.depth + sizeof entry.chunk ? size : UINT64_MAX;
  }
  sort_by_chunk(entries, this->entries() - count_);
  const auto longer = std::ranges::lower_bound(entries, UINT64_MAX, {}, &Entry::chunk);
  group.begin += static_cast<uint32_t>(longer - entries.begin());
  entries = entries.subspan(static_cast<size_t>(longer - entries.begin()));
  if (entries.size() <= kSmallGroup) return sort_small(entries, group.depth);
  group.depth = common(entries, group.depth + sizeof(uint64_t));
  open_.push_back(group);
}

}  // namespace cairn::sorting
