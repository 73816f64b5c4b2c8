// Where to cut: a keyed Gear hash finds cut points that depend on content alone.
//
// Three nested sizes.  Averages 1 MiB (coarse), 64 KiB (normal), 16 KiB (fine); each has min = avg/2, max = 4·avg and its own
// threshold on the same hash.  A coarse candidate is also a normal and a fine one, and a cut of a size is a cut of every smaller
// size, whose minimum and maximum restart there: so a stream may change its size without losing alignment.  (With independent
// chunkers a fine one may skip a coarse candidate inside its own minimum.)  The price: the last chunk before a larger size's cut
// may be shorter than min.  min = avg/2 with a plain exponential tail deduplicates best at equal mean size, and half the bytes
// are never scanned when no larger size needs them.
//
// Hash:     after each byte, hash = 2·hash + table[byte] mod 2^64, so it depends on the last 64 bytes only.
//
// Threads:  ChunkerParams is immutable; a Chunker is used by one thread at a time.
// Source:   FastCDC (USENIX ATC'16) for Gear; the size rule and its measurements are in store/FORMAT.md, section "Chunker".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cairn {

enum class ChunkSize : uint8_t { kFine = 0, kNormal = 1, kCoarse = 2 };

// Averages in bytes for the three sizes; each a power of two, 1 KiB ≤ fine < normal < coarse ≤ 4 MiB.
struct ChunkerSizes {
  uint32_t fine_bytes = 16 << 10;
  uint32_t normal_bytes = 64 << 10;
  uint32_t coarse_bytes = 1 << 20;
  bool operator==(const ChunkerSizes&) const = default;
  bool valid() const;
};

// What all chunkers of a repository share: the table and the thresholds.  Immutable, thread-safe.
class ChunkerParams {
 public:
  // `table` is 256 random words made from the repository's chunker key (keys.h makes them).  Requires: sizes.valid().
  ChunkerParams(const std::array<uint64_t, 256>& table, ChunkerSizes sizes);

  struct Level {
    uint64_t threshold;   // a position is a candidate when hash < threshold
    uint32_t min_bytes, max_bytes;
  };
  const std::array<uint64_t, 256>& table() const { return table_; }
  const Level& level(ChunkSize size) const { return levels_[static_cast<size_t>(size)]; }
  ChunkerSizes sizes() const { return sizes_; }
  // Longest chunk of this size, in bytes.
  size_t max_bytes(ChunkSize size) const { return level(size).max_bytes; }

 private:
  std::array<uint64_t, 256> table_;
  std::array<Level, 3> levels_;  // by ChunkSize
  ChunkerSizes sizes_;
};

// Cuts one stream.  The cuts are the same however the stream is split over calls.
class Chunker {
 public:
  // `params` must outlive this.
  Chunker(const ChunkerParams& params, ChunkSize size);

  // Looks at the next bytes of the stream and appends to `lengths` the length of every chunk that ends inside them, in stream
  // order; a length counts from the previous cut, so the first may be longer than `bytes`.
  void scan(std::span<const uint8_t> bytes, std::vector<uint32_t>& lengths);

  // Cuts here, whatever the minima (a part begins, or the stream ends): returns the length of the chunk that ends here, 0 if the
  // stream is at a cut already.  All sizes restart.
  uint32_t force_cut();

  // Changes the size from here on; cuts of larger sizes stay where they would have been.  The chunk that is pending here may be
  // shorter than the new minimum or longer than the new maximum; if longer, it ends within 64 bytes.
  void set_size(ChunkSize size);

  // Bytes since the last cut.
  uint32_t pending_bytes() const;

 private:
  uint32_t bytes_until_cut_possible() const;
  size_t skip_minima(std::span<const uint8_t> bytes);
  size_t search(std::span<const uint8_t> bytes, std::vector<uint32_t>& lengths);
  void advance(size_t bytes);

  const ChunkerParams& params_;
  ChunkSize size_;
  uint64_t hash_ = 0;
  uint32_t hashed_ = 0;              // bytes up to here that hash_ has seen, none left out; 64 means 64 or more
  std::array<uint32_t, 3> since_{};  // bytes since the last cut of each size (or a larger one); index by ChunkSize
};

}  // namespace cairn
