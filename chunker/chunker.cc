#include "chunker/chunker.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace cairn {
namespace {

constexpr size_t kSizes = 3;
constexpr uint32_t kWindowBytes = 64;  // a byte is shifted out of the hash after as many steps as the hash has bits

ChunkerParams::Level level_for(uint32_t average_bytes) {
  const uint32_t tail_bytes = average_bytes / 2;  // mean distance from the minimum to the cut
  // 2^64 / tail, for a power of two.
  const uint64_t threshold = uint64_t{1} << (64 - std::countr_zero(tail_bytes));
  return {.threshold = threshold, .min_bytes = average_bytes - tail_bytes, .max_bytes = 4 * average_bytes};
}

struct Found {
  const uint8_t* end;  // of what was hashed
  uint64_t hash;       // there
  bool candidate;      // there is one at `end`
};

// Hashes [bytes, end) up to and including the first candidate.
//
// Two bytes at a time from the hash before both: the chain is then one lea (2 cycles) for two bytes.  Four bytes are loaded at
// once because the load ports are the next limit.  Separate branches, because g++ 12 makes an accumulated |= or min of the tests
// slower.  Measured at 3 GHz in GB/s scanned: byte by byte 1.5, pairs 2.0, pairs with wide loads 2.4.  Two interleaved cursors
// were no faster than that, nor were 8-byte loads, quadruples, or triples of single loads.
Found find_candidate(const uint8_t* bytes, const uint8_t* end, const uint64_t* table, uint64_t threshold, uint64_t hash) {
  static_assert(std::endian::native == std::endian::little, "the first byte is the lowest of a word");
  for (; end - bytes >= 4; bytes += 4) {
    uint32_t word;
    std::memcpy(&word, bytes, sizeof word);
    const uint64_t first = table[word & 255], second = table[word >> 8 & 255];
    const uint64_t third = table[word >> 16 & 255], fourth = table[word >> 24];
    const uint64_t hash1 = (hash << 1) + first;
    const uint64_t hash2 = (hash << 2) + ((first << 1) + second);
    if (hash1 < threshold) return {bytes + 1, hash1, true};
    if (hash2 < threshold) return {bytes + 2, hash2, true};
    const uint64_t hash3 = (hash2 << 1) + third;
    hash = (hash2 << 2) + ((third << 1) + fourth);
    if (hash3 < threshold) return {bytes + 3, hash3, true};
    if (hash < threshold) return {bytes + 4, hash, true};
  }
  while (bytes != end) {
    hash = (hash << 1) + table[*bytes++];
    if (hash < threshold) return {bytes, hash, true};
  }
  return {end, hash, false};
}

}  // namespace

bool ChunkerSizes::valid() const {
  return std::has_single_bit(fine_bytes) && std::has_single_bit(normal_bytes) && std::has_single_bit(coarse_bytes) &&
         fine_bytes >= 1 << 10 && fine_bytes < normal_bytes && normal_bytes < coarse_bytes && coarse_bytes <= 4 << 20;
}

ChunkerParams::ChunkerParams(const std::array<uint64_t, 256>& table, ChunkerSizes sizes)
    : table_(table), levels_{level_for(sizes.fine_bytes), level_for(sizes.normal_bytes), level_for(sizes.coarse_bytes)},
      sizes_(sizes) {
  assert(sizes.valid());
}

Chunker::Chunker(const ChunkerParams& params, ChunkSize size) : params_(params), size_(size) {}

void Chunker::scan(std::span<const uint8_t> bytes, std::vector<uint32_t>& lengths) {
  while (!bytes.empty()) {
    bytes = bytes.subspan(skip_minima(bytes));
    if (!bytes.empty()) bytes = bytes.subspan(search(bytes, lengths));
  }
}

// Distance to the first position where some size may cut, at least 1: not inside all minima, and with a full window hashed.
uint32_t Chunker::bytes_until_cut_possible() const {
  uint32_t distance = UINT32_MAX;
  for (size_t size = static_cast<size_t>(size_); size < kSizes; ++size) {
    const uint32_t min_bytes = params_.level(static_cast<ChunkSize>(size)).min_bytes;
    distance = std::min(distance, min_bytes > since_[size] ? min_bytes - since_[size] : 1);
  }
  // Delays no larger size when set_size() adds a smaller one: the larger one's window is being hashed already by then.
  return std::max(distance, kWindowBytes - hashed_);
}

// Goes to just before the first position that may be a cut, hashing only the window before it; returns the bytes passed.
size_t Chunker::skip_minima(std::span<const uint8_t> bytes) {
  const uint32_t distance = bytes_until_cut_possible();
  const size_t inside = std::min<size_t>(distance - 1, bytes.size());
  const size_t skipped = std::min<size_t>(distance > kWindowBytes ? distance - kWindowBytes : 0, inside);
  if (skipped > 0) hashed_ = 0;
  for (uint8_t byte : bytes.subspan(skipped, inside - skipped)) hash_ = (hash_ << 1) + params_.table()[byte];
  hashed_ = std::min<uint32_t>(kWindowBytes, hashed_ + static_cast<uint32_t>(inside - skipped));
  advance(inside);
  return inside;
}

// Hashes up to and including the next cut, or until the set of sizes that may cut changes; returns the bytes passed.
// Requires: bytes is not empty, the next position may be a cut.
size_t Chunker::search(std::span<const uint8_t> bytes, std::vector<uint32_t>& lengths) {
  uint64_t threshold = 0;  // of the smallest size outside its minimum: a candidate of any larger one is below it, too
  size_t limit = bytes.size();
  for (size_t size = kSizes; size-- > static_cast<size_t>(size_);) {
    const ChunkerParams::Level& level = params_.level(static_cast<ChunkSize>(size));
    const uint32_t next = since_[size] + 1;
    if (next >= level.min_bytes) {
      threshold = level.threshold;
      limit = std::min<size_t>(limit, next < level.max_bytes ? level.max_bytes - since_[size] : 1);
    } else {
      limit = std::min<size_t>(limit, level.min_bytes - 1 - since_[size]);
    }
  }
  const Found found = find_candidate(bytes.data(), bytes.data() + limit, params_.table().data(), threshold, hash_);
  const size_t passed = static_cast<size_t>(found.end - bytes.data());
  hash_ = found.hash;
  hashed_ = std::min<uint32_t>(kWindowBytes, hashed_ + static_cast<uint32_t>(std::min<size_t>(passed, kWindowBytes)));
  advance(passed);
  for (size_t size = kSizes; size-- > static_cast<size_t>(size_);) {
    const ChunkerParams::Level& level = params_.level(static_cast<ChunkSize>(size));
    const bool candidate = found.candidate && hash_ < level.threshold && since_[size] >= level.min_bytes;
    if (!candidate && since_[size] < level.max_bytes) continue;
    lengths.push_back(since_[0]);
    std::fill_n(since_.begin(), size + 1, 0);
    break;
  }
  return passed;
}

void Chunker::advance(size_t bytes) {
  for (uint32_t& since : since_) since += static_cast<uint32_t>(bytes);
}

uint32_t Chunker::force_cut() {
  const uint32_t length = since_[0];
  since_.fill(0);
  hash_ = 0;
  hashed_ = 0;
  return length;
}

void Chunker::set_size(ChunkSize size) { size_ = size; }

uint32_t Chunker::pending_bytes() const { return since_[0]; }

}  // namespace cairn
