// Chunker and hash on hostile input: the cuts cover the input, keep their bounds and don't depend on how the input is split;
// every hash implementation agrees with the baseline.
//
// Input:  byte 0 picks the size and the table, byte 1 the split, the rest is the stream.
#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "chunker/chunker.h"
#include "store/crypto/blake3.h"

namespace cairn {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Words from a fixed generator (splitmix64); `seed` gives other tables.
ChunkerParams make_params(uint64_t seed) {
  std::array<uint64_t, 256> table;
  for (uint64_t& word : table) {
    seed += 0x9E3779B97F4A7C15;
    word = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
    word ^= word >> 31;
  }
  return ChunkerParams(table, {.fine_bytes = 1 << 10, .normal_bytes = 2 << 10, .coarse_bytes = 4 << 10});
}

std::vector<uint32_t> cut(const ChunkerParams& params, ChunkSize size, ByteView bytes, size_t piece_bytes) {
  Chunker chunker(params, size);
  std::vector<uint32_t> lengths;
  while (!bytes.empty()) {
    const size_t piece = std::min(piece_bytes, bytes.size());
    chunker.scan(bytes.first(piece), lengths);
    bytes = bytes.subspan(piece);
  }
  if (uint32_t last = chunker.force_cut(); last > 0) lengths.push_back(last);
  return lengths;
}

void check_cuts(ByteView bytes, uint8_t choice, size_t piece_bytes) {
  static const ChunkerParams kParams[] = {make_params(0), make_params(1), make_params(2), make_params(3)};
  const ChunkerParams& params = kParams[choice / 3 % 4];
  const ChunkSize size = static_cast<ChunkSize>(choice % 3);
  const std::vector<uint32_t> lengths = cut(params, size, bytes, std::max<size_t>(bytes.size(), 1));
  require(std::accumulate(lengths.begin(), lengths.end(), size_t{0}) == bytes.size());
  for (size_t i = 0; i < lengths.size(); ++i) {
    require(lengths[i] >= 1 && lengths[i] <= params.max_bytes(size));
    // Only coarse chunks keep their minimum always: smaller ones end early at a larger cut.
    require(size != ChunkSize::kCoarse || i + 1 == lengths.size() || lengths[i] >= params.level(size).min_bytes);
  }
  require(cut(params, size, bytes, piece_bytes) == lengths);
}

void check_hash(ByteView bytes, size_t piece_bytes) {
  blake3_force("baseline");
  const Blake3Hash expected = blake3(bytes);
  for (std::string_view implementation : {"avx2", "avx512"}) {
    if (!blake3_force(implementation)) continue;
    require(blake3(bytes) == expected);
    Blake3 hash;
    for (ByteView rest = bytes; !rest.empty(); rest = rest.subspan(std::min(piece_bytes, rest.size()))) {
      hash.update(rest.first(std::min(piece_bytes, rest.size())));
    }
    require(hash.finish() == expected);
  }
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t piece_bytes = 1 + size_t{data[1]} * data[1] / 4;
  const cairn::ByteView bytes(data + 2, size - 2);
  cairn::check_cuts(bytes, data[0], piece_bytes);
  cairn::check_hash(bytes, piece_bytes);
  return 0;
}
